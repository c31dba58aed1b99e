"""Tools that a model may call: their schemas, and the instructions to call them."""

import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator

INSTRUCTIONS = (
    "You can call these tools. To call one, answer with nothing but "
    '{"name": its name, "arguments": {...}}; a message of the tool brings the result.'
)
TYPES = {"string": str, "number": (int, float), "integer": int, "boolean": bool}


class CallError(ValueError):
    """Why a call is invalid: the model reads it, and may correct the call."""


class Argument(BaseModel, extra="forbid", frozen=True):
    """The JSON schema of an argument."""

    type: Literal["string", "number", "integer", "boolean"]
    description: str | None = None
    enum: list[Any] | None = Field(None, min_length=1)
    max_length: int | None = Field(None, alias="maxLength", ge=1)
    minimum: int | float | None = None
    maximum: int | float | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> "Argument":
        if self.max_length is not None and self.type != "string":
            raise ValueError("maxLength is only for strings")
        if (self.minimum, self.maximum) != (None, None) and self.type not in ("number", "integer"):
            raise ValueError("minimum and maximum are only for numbers")
        for value in self.enum or []:
            self.check("a value of enum", value)
        return self

    def check(self, name: str, value: Any) -> None:
        """Raise CallError if a value does not match the schema."""
        valid = isinstance(value, TYPES[self.type])  # type: ignore[arg-type]
        if not valid or isinstance(value, bool) != (self.type == "boolean"):
            raise CallError(f"{name} is not of type {self.type}")
        if self.enum is not None and value not in self.enum:
            raise CallError(f"{name} is not one of {', '.join(map(str, self.enum))}")
        if self.max_length is not None and len(value) > self.max_length:
            raise CallError(f"{name} is longer than {self.max_length} characters")
        if self.minimum is not None and value < self.minimum:
            raise CallError(f"{name} is below {self.minimum}")
        if self.maximum is not None and value > self.maximum:
            raise CallError(f"{name} is above {self.maximum}")


class Arguments(BaseModel, extra="forbid", frozen=True):
    """The JSON schema of all arguments."""

    type: Literal["object"]
    properties: dict[str, Argument]
    required: list[str] = []

    @model_validator(mode="after")
    def _required_exist(self) -> "Arguments":
        if unknown := [name for name in self.required if name not in self.properties]:
            raise ValueError(f"{unknown[0]} is required, but is not one of the properties")
        return self


class Tool(BaseModel, extra="forbid", frozen=True):
    """A function that a model may call."""

    name: str = Field(pattern=r"^[A-Za-z_][\w-]{0,63}$")
    description: str
    parameters: Arguments

    def to_dict(self) -> dict[str, Any]:
        """Return the tool as its file has it."""
        return self.model_dump(by_alias=True, exclude_none=True)

    def check(self, arguments: dict[str, Any]) -> None:
        """Raise CallError if arguments do not match the schema."""
        known = self.parameters.properties
        if unknown := [name for name in arguments if name not in known]:
            raise CallError(f"{self.name} has no argument {unknown[0]}")
        if missing := [name for name in self.parameters.required if name not in arguments]:
            raise CallError(f"{self.name} requires {missing[0]}")
        for name, value in arguments.items():
            known[name].check(name, value)


def instructions(tools: Sequence[Tool]) -> list[str]:
    """Return the instructions to call tools, [] without any."""
    lines = [json.dumps(tool.to_dict(), ensure_ascii=False) for tool in tools]
    return ["\n".join([INSTRUCTIONS, *lines])] if lines else []


def schema(tools: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the JSON schema of a call of one of the tools, which llama.cpp can enforce.

    Optional white space is not allowed: a small model could write newlines without end.
    """
    calls = [
        {
            "type": "object",
            "properties": {
                "name": {"const": tool["name"]},
                "arguments": {**tool["parameters"], "additionalProperties": False},
            },
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in tools
    ]
    return {"oneOf": calls, "x-guidance": {"whitespace_flexible": False}}
