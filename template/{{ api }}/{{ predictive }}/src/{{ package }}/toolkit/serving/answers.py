"""What goes back: a prediction, or the reason why there is none."""

import re
from typing import Literal

from msgspec import Struct, defstruct

PLACE = re.compile(r"(.*?)(?: - at `\$(?:\[(\d+)\])?(?:\.(.*))?`)?", re.DOTALL)
NAMED = re.compile(r"Object (missing required|contains unknown) field `(.*)`", re.DOTALL)
# msgspec allows no such character in a name; private ones stand in for them.
AWKWARD = {ord(c): 0xE000 + ord(c) for c in ['"', "\\", *map(chr, range(32))]}
RESTORED = {stand_in: char for char, stand_in in AWKWARD.items()}


class Refusal(Struct):
    """Why there is no prediction, and where the mistake is."""

    detail: str
    row: int | None
    column: str | None


class RequestError(Exception):
    """Why a request gets no prediction: status, reason and place; rows count from 1."""

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
    names = {field: label.translate(AWKWARD) for field, label in fields.items()}
    probability = defstruct("Probabilities", [(field, float) for field in fields], rename=names)
    return defstruct("Answer", [("label", Literal[*labels]), ("probabilities", probability)])


def explain(text: str) -> RequestError:
    """Turn msgspec's message, which ends in a path, into a sentence with its row and column."""
    parts = PLACE.fullmatch(text.translate(RESTORED))
    message, row, column = parts.groups() if parts else (text, None, None)
    number = None if row is None else int(row) + 1
    place = [f"row {number}"] * (row is not None) + [f"column {column!r}"] * (column is not None)
    if named := NAMED.fullmatch(message):
        column = named[2]
        message = f"{'missing' if named[1] == 'missing required' else 'unknown'} column {column!r}"
    detail = f"{', '.join(place)}: {message}" if place else message
    return RequestError(422, detail, number, column)
