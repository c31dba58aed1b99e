"""What comes before a conversation: a file of prompts/, checked, and put into the chat template."""

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
from .tools import Tool, told

BEFORE = Path(__file__).parent / "prompt_template.txt"


class Prompt(BaseModel, extra="forbid", frozen=True):
    """A file of prompts/."""

    system: str = Field(min_length=1)
    examples: list[dict[str, Any]] = []
    answer: str | None = None
    tools: list[Tool] = []

    @field_validator("answer")
    @classmethod
    def _has_a_group(cls, pattern: str | None) -> str | None:
        return None if pattern is None else finding(pattern, "the final answer")

    @model_validator(mode="after")
    def _turns(self) -> "Prompt":
        check_turns(self.messages, answered=bool(self.examples))
        return self

    @property
    def messages(self) -> list[Message]:
        """Return the system message, which tells of the tools, and the examples."""
        system = "\n\n".join([self.system.strip(), *told(self.tools)])
        return listed([{"role": "system", "content": system}, *self.examples])


def finding(pattern: str, what: str) -> str:
    """Return a pattern that takes one thing out of a text; ValueError if it does not."""
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"it is no regular expression ({error})") from None
    if groups != 1:
        raise ValueError(f"put {what}, and nothing else, in round brackets")
    return pattern


def read(path: Path) -> dict[str, Any]:
    """Return a file as a model and a contract keep it; UserError names what is wrong with it."""
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
        "tools": [tool.plain() for tool in prompt.tools],
    }


def of(config: BaseConfig) -> dict[str, Any] | None:
    """Return what `read` gives of model.prompt, None if there is none."""
    settings: Any = config.model  # of every model that takes conversations
    path = settings.prompt
    if path is not None and config.data.text:
        raise UserError("model.prompt: texts have no turns for it to come before; set it to null.")
    return None if path is None else read(path)


def before(template: str, messages: Sequence[Message], special: Sequence[str]) -> str:
    """Return a chat template that begins conversations without a system message with `messages`.

    So whatever reads the template, in a GGUF file or a folder, puts them there too.
    """
    plain = [
        {**each, "content": escape_special_tokens(each["content"], special)} for each in messages
    ]
    begun = BEFORE.read_text(encoding="utf-8").strip()
    return begun.replace("MESSAGES", json.dumps(plain, ensure_ascii=False)) + template


def final(text: str, pattern: str | None) -> str | None:
    """Return the final answer in a text, all of it without a pattern; None if there is none."""
    if pattern is None:
        return text
    found = re.findall(pattern, text, re.MULTILINE)
    return found[-1].strip() if found else None
