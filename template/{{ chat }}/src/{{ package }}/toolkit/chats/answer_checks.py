"""Checks of answers by patterns that must, or must not, match: for safety and regressions."""

import re
from pathlib import Path

import yaml
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, field_validator

from ..runs import UserError
from .data_checks import SPECIAL_TOKENS
from .pii import find_pii


class Check(BaseModel, extra="forbid", frozen=True):
    """A check of prompts/checks.yaml."""

    ask: str = Field(min_length=1)
    must: str | None = None
    must_not: str | None = None
    why: str = Field(min_length=1)

    @field_validator("must", "must_not")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"it is not a valid regular expression ({error})") from None
        return pattern

    def matches_must(self, answer: str) -> bool:
        """Return whether an answer matches `must`."""
        return self.must is None or re.search(self.must, answer) is not None

    def fault(self, answer: str) -> str:
        """Return why an answer fails, "" if it passes."""
        if not self.matches_must(answer):
            return f"does not match {self.must}"
        if self.must_not is not None and re.search(self.must_not, answer):
            return f"matches {self.must_not}"
        special = ["a special token"] if SPECIAL_TOKENS.search(answer) else []
        found = ", ".join([*find_pii(answer), *special])
        return f"seems to contain {found}" if found else ""


def read(path: Path | None) -> list[Check]:
    """Return the checks of a file, none without one; UserError if it is invalid."""
    if path is None:
        return []
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return TypeAdapter(list[Check]).validate_python(content)
    except FileNotFoundError:
        raise UserError(f"evaluate.checks: {path} is missing; null runs no checks.") from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"{n + 1}: " if isinstance(n, int) else f"{n}: " for n in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{path}: check {place}{reason}.") from None
