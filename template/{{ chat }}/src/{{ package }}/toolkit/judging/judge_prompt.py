"""The prompt of an LLM judge: a file of prompts/, validated, and filled with pairs of answers."""

from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator

from ..chats.prompting import check_pattern
from ..config import BaseConfig
from ..runs import UserError, sha256
from .comparisons import Pair

REQUIRED = {"prompt", "first", "second"}
ALLOWED = REQUIRED | {"reference"}


class PromptFile(BaseModel, extra="forbid", frozen=True):
    """A file such as prompts/judge.yaml."""

    system: str = Field(min_length=1)
    question: str
    verdict: str

    @field_validator("question")
    @classmethod
    def _has_placeholders(cls, text: str) -> str:
        template = Template(text)
        if not template.is_valid():
            raise ValueError("a $ is not followed by a name; write $$ for a dollar sign")
        found = {*template.get_identifiers()}
        if REQUIRED - found or found - ALLOWED:
            raise ValueError("it needs $prompt, $first and $second, and may only add $reference")
        return text

    @field_validator("verdict")
    @classmethod
    def _has_a_group(cls, pattern: str) -> str:
        return check_pattern(pattern, "the letter")


@dataclass(frozen=True)
class JudgePrompt:
    """A prompt file: its name, hash and content."""

    file: str
    sha256: str
    content: PromptFile

    @property
    def verdict(self) -> str:
        """Return the pattern that extracts A, B or C from a reply."""
        return self.content.verdict

    def request(self, pair: Pair, first: str, config: BaseConfig) -> dict[str, Any]:
        """Return the request for a pair, the answer of `first` ("model" or "base") first."""
        settings, texts = config.evaluate.judge, pair.texts(first)
        values = {"prompt": pair.prompt, "reference": pair.reference}
        values |= dict(zip(("first", "second"), texts, strict=True))
        messages = [
            {"role": "system", "content": self.content.system.strip()},
            {"role": "user", "content": Template(self.content.question.strip()).substitute(values)},
        ]
        limit = {"max_tokens": settings.max_tokens} if settings.max_tokens else {}
        fixed = {"model": settings.model, "temperature": 0, "seed": config.seed}
        return fixed | limit | {"messages": messages}


def read(path: Path) -> JudgePrompt:
    """Return the prompt of a file; UserError if it is invalid."""
    try:
        content = PromptFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"evaluate.judge.prompt: {path} is missing.") from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the file"
        raise UserError(f"{path}: {key}: {first['msg'].removeprefix('Value error, ')}.") from None
    return JudgePrompt(path.as_posix(), sha256(path), content)
