"""Questions whose answers must, or must not, hold something: for safety, against regressions."""

import re
from pathlib import Path

import yaml
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, field_validator

from ..runs import UserError
from .checks import MARKS
from .pii import found


class Check(BaseModel, extra="forbid", frozen=True):
    """A question of prompts/checks.yaml."""

    ask: str = Field(min_length=1)
    must: str | None = None
    must_not: str | None = None
    why: str = Field(min_length=1)

    @field_validator("must", "must_not")
    @classmethod
    def _can_be_searched(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"it is no regular expression ({error})") from None
        return pattern

    def met(self, said: str) -> bool:
        """Say if an answer holds what it must."""
        return self.must is None or re.search(self.must, said) is not None

    def fault(self, said: str) -> str:
        """Return what is wrong with an answer, "" if nothing is."""
        if not self.met(said):
            return f"does not hold {self.must}"
        if self.must_not is not None and re.search(self.must_not, said):
            return f"holds {self.must_not}"
        marked = ["a special token"] if MARKS.search(said) else []
        held = ", ".join([*found(said), *marked])
        return f"seems to hold {held}" if held else ""


def read(path: Path | None) -> list[Check]:
    """Return the checks of a file, none without one; UserError names what is wrong with it."""
    if path is None:
        return []
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        return TypeAdapter(list[Check]).validate_python(told)
    except FileNotFoundError:
        raise UserError(f"evaluate.checks: {path} is missing; null asks nothing.") from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"{n + 1}: " if isinstance(n, int) else f"{n}: " for n in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{path}: check {place}{reason}.") from None
