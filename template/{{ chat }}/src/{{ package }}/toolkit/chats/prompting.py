"""Prompt files of prompts/: validated, and made part of the chat template."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from ..config import BaseConfig
from ..runs import UserError, sha256
from .messages import Message, check_turns, listed
from .special_tokens import escape_special_tokens
from .tools import Tool, instructions

PREFIX = Path(__file__).parent / "prompt_template.txt"


class Prompt(BaseModel, extra="forbid", frozen=True):
    """A file of prompts/."""

    system: str = Field(min_length=1)
    examples: list[dict[str, Any]] = []
    answer: str | None = None
    tools: list[Tool] = []

    @field_validator("answer")
    @classmethod
    def _has_a_group(cls, pattern: str | None) -> str | None:
        return None if pattern is None else check_pattern(pattern, "the final answer")

    @model_validator(mode="after")
    def _turns(self) -> "Prompt":
        check_turns(self.messages, answered=bool(self.examples))
        return self

    @property
    def messages(self) -> list[Message]:
        """Return the system message, which describes the tools, and the examples."""
        system = "\n\n".join([self.system.strip(), *instructions(self.tools)])
        return listed([{"role": "system", "content": system}, *self.examples])


def check_pattern(pattern: str, what: str) -> str:
    """Return a pattern with one group; ValueError if it is invalid or has another number."""
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"it is not a valid regular expression ({error})") from None
    if groups != 1:
        raise ValueError(f"put {what}, and nothing else, in parentheses")
    return pattern


def read(path: Path) -> dict[str, Any]:
    """Return a prompt file as models and contracts store it; UserError if it is invalid."""
    try:
        prompt = Prompt.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"model.prompt: {path} is missing.") from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "examples"
        raise UserError(f"{path}: {key}: {first['msg'].removeprefix('Value error, ')}.") from None
    return {
        "file": path.as_posix(),
        "sha256": sha256(path),
        "messages": prompt.messages,
        "answer": prompt.answer,
        "tools": [tool.to_dict() for tool in prompt.tools],
    }


def of(config: BaseConfig) -> dict[str, Any] | None:
    """Return the prompt file of model.prompt by `read`, None if there is none."""
    settings: Any = config.model  # every model of conversations has it
    path = settings.prompt
    if path is not None and config.data.text:
        raise UserError("model.prompt: plain texts have no turns to prepend; set it to null.")
    return None if path is None else read(path)


def before(template: str, messages: Sequence[Message], special: Sequence[str]) -> str:
    """Return a chat template that prepends `messages` to conversations without a system message.

    Every program that reads the template, from a GGUF file or a folder, then does so too.
    """
    escaped = [
        {**each, "content": escape_special_tokens(each["content"], special)} for each in messages
    ]
    prefix = PREFIX.read_text(encoding="utf-8").strip()
    return prefix.replace("MESSAGES", json.dumps(escaped, ensure_ascii=False)) + template


def final_answer(text: str, pattern: str | None) -> str | None:
    """Return the pattern's last match in a text, None if there is none; no pattern: the text."""
    if pattern is None:
        return text
    matches = re.findall(pattern, text, re.MULTILINE)
    return matches[-1].strip() if matches else None
