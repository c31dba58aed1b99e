"""What a judge is asked: a file of prompts/, checked, and filled with a pair of answers."""

from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator

from ..chats.prompting import finding
from ..config import BaseConfig
from ..runs import UserError, sha256
from .comparisons import Pair

NEEDED, KNOWN = {"prompt", "first", "second"}, {"prompt", "first", "second", "reference"}


class Sheet(BaseModel, extra="forbid", frozen=True):
    """A file such as prompts/judge.yaml."""

    system: str = Field(min_length=1)
    question: str
    verdict: str

    @field_validator("question")
    @classmethod
    def _has_its_places(cls, text: str) -> str:
        template = Template(text)
        if not template.is_valid():
            raise ValueError("a $ is followed by no name; write $$ for the sign itself")
        found = {*template.get_identifiers()}
        if NEEDED - found or found - KNOWN:
            raise ValueError("it needs $prompt, $first and $second, and may have $reference alone")
        return text

    @field_validator("verdict")
    @classmethod
    def _has_a_group(cls, pattern: str) -> str:
        return finding(pattern, "the letter")


@dataclass(frozen=True)
class Asking:
    """A file's name, its hash, and what it says."""

    file: str
    sha256: str
    sheet: Sheet

    @property
    def verdict(self) -> str:
        """Return the pattern that finds A, B or C in a reply."""
        return self.sheet.verdict

    def request(self, pair: Pair, first: str, config: BaseConfig) -> dict[str, Any]:
        """Return what the judge is sent about a pair, the answer of `first` before the other."""
        settings, texts = config.evaluate.judge, pair.texts(first)
        told = {"prompt": pair.prompt, "reference": pair.reference}
        told |= dict(zip(("first", "second"), texts, strict=True))
        messages = [
            {"role": "system", "content": self.sheet.system.strip()},
            {"role": "user", "content": Template(self.sheet.question.strip()).substitute(told)},
        ]
        most = {"max_tokens": settings.max_tokens} if settings.max_tokens else {}
        fixed = {"model": settings.model, "temperature": 0, "seed": config.seed}
        return fixed | most | {"messages": messages}


def read(path: Path) -> Asking:
    """Return what a file says; UserError names what is wrong with it."""
    try:
        sheet = Sheet.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"evaluate.judge.prompt: {path} is missing.") from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the file"
        raise UserError(f"{path}: {key}: {first['msg'].removeprefix('Value error, ')}.") from None
    return Asking(path.as_posix(), sha256(path), sheet)
