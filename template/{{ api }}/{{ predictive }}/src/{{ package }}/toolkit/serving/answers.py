"""Responses: a prediction, or the reason why there is none."""

import re
from typing import Literal

from msgspec import Struct, defstruct

LOCATION = re.compile(r"(.*?)(?: - at `\$(?:\[(\d+)\])?(?:\.(.*))?`)?", re.DOTALL)
FIELD = re.compile(r"Object (missing required|contains unknown) field `(.*)`", re.DOTALL)
# msgspec refuses these characters in a name; private ones replace them.
ESCAPES = {ord(c): 0xE000 + ord(c) for c in ['"', "\\", *map(chr, range(32))]}
UNESCAPES = {private: char for char, private in ESCAPES.items()}


class Refusal(Struct):
    """Why there is no prediction, and where the error is."""

    detail: str
    row: int | None
    column: str | None


class RequestError(Exception):
    """Why a request gets no prediction: status, reason and location; rows count from 1."""

    def __init__(
        self, status: int, detail: str, row: int | None = None, column: str | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.content = {"detail": detail, "row": row, "column": column}


def answer_type(labels: list[str] | None) -> type[Struct]:
    """Return the type of the answer to one row."""
    if labels is None:
        return defstruct("Answer", [("value", float)])
    fields = {f"label{number}": label for number, label in enumerate(labels)}
    names = {field: label.translate(ESCAPES) for field, label in fields.items()}
    probability = defstruct("Probabilities", [(field, float) for field in fields], rename=names)
    return defstruct("Answer", [("label", Literal[*labels]), ("probabilities", probability)])


def explain(text: str) -> RequestError:
    """Convert the message of msgspec, which ends in a path, to one with row and column."""
    parts = LOCATION.fullmatch(text.translate(UNESCAPES))
    message, row, column = parts.groups() if parts else (text, None, None)
    number = None if row is None else int(row) + 1
    location = [f"row {number}"] * (row is not None) + [f"column {column!r}"] * (column is not None)
    if field := FIELD.fullmatch(message):
        column = field[2]
        message = f"{'missing' if field[1] == 'missing required' else 'unknown'} column {column!r}"
    detail = f"{', '.join(location)}: {message}" if location else message
    return RequestError(422, detail, number, column)
