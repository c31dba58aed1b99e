"""Tools that a model may call: what it is told of them, and what their schemas allow."""

import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator

TOLD = (
    "You can call these tools. To call one, answer with nothing but "
    '{"name": its name, "arguments": {...}}; a message of the tool brings the result.'
)
KINDS = {"string": str, "number": (int, float), "integer": int, "boolean": bool}


class CallError(ValueError):
    """Why a call is not answered: the model is told, and may mend it."""


class Argument(BaseModel, extra="forbid", frozen=True):
    """The JSON schema of an argument."""

    type: Literal["string", "number", "integer", "boolean"]
    description: str | None = None
    enum: list[Any] | None = Field(None, min_length=1)
    longest: int | None = Field(None, alias="maxLength", ge=1)
    minimum: int | float | None = None
    maximum: int | float | None = None

    @model_validator(mode="after")
    def _fits(self) -> "Argument":
        if self.longest is not None and self.type != "string":
            raise ValueError("maxLength is for strings alone")
        if (self.minimum, self.maximum) != (None, None) and self.type not in ("number", "integer"):
            raise ValueError("minimum and maximum are for numbers alone")
        for value in self.enum or []:
            self.check("a value of enum", value)
        return self

    def check(self, name: str, value: Any) -> None:
        """Raise CallError if a value is not what the schema says."""
        fits = isinstance(value, KINDS[self.type])  # type: ignore[arg-type]
        if not fits or isinstance(value, bool) != (self.type == "boolean"):
            raise CallError(f"{name} is no {self.type}")
        if self.enum is not None and value not in self.enum:
            raise CallError(f"{name} is not one of {', '.join(map(str, self.enum))}")
        if self.longest is not None and len(value) > self.longest:
            raise CallError(f"{name} is longer than {self.longest} characters")
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
    def _known(self) -> "Arguments":
        if unknown := [name for name in self.required if name not in self.properties]:
            raise ValueError(f"{unknown[0]} is required, but not one of the properties")
        return self


class Tool(BaseModel, extra="forbid", frozen=True):
    """A function that a model may call."""

    name: str = Field(pattern=r"^[A-Za-z_][\w-]{0,63}$")
    description: str
    parameters: Arguments

    def plain(self) -> dict[str, Any]:
        """Return it as it is written."""
        return self.model_dump(by_alias=True, exclude_none=True)

    def check(self, arguments: dict[str, Any]) -> None:
        """Raise CallError if arguments are not what the schemas say."""
        known = self.parameters.properties
        if unknown := [name for name in arguments if name not in known]:
            raise CallError(f"{self.name} takes no {unknown[0]}")
        if missing := [name for name in self.parameters.required if name not in arguments]:
            raise CallError(f"{self.name} needs {missing[0]}")
        for name, value in arguments.items():
            known[name].check(name, value)


def told(tools: Sequence[Tool]) -> list[str]:
    """Return what the model is told of tools, nothing without any."""
    lines = [json.dumps(tool.plain(), ensure_ascii=False) for tool in tools]
    return ["\n".join([TOLD, *lines])] if lines else []


def schema(tools: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the JSON schema of a call of one of the tools, to which llama.cpp holds an answer.

    Without free white space: a small model would go on with line ends for ever.
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
