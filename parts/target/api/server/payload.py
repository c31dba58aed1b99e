"""What a request may hold: a row type made from the contract, decoded and checked in one pass."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, defstruct

from ..formats.contract import Contract, Input
from .dates import Date, date_type

Row = Struct  # one field a column, in the contract's order

FLOAT32 = 3.4028234663852886e38  # a larger number would be infinite to the model
PLACE = re.compile(r"(.*?)(?: - at `\$(?:\[(\d+)\])?(?:\.(.*))?`)?", re.DOTALL)
NAMED = re.compile(r"Object (missing required|contains unknown) field `(.*)`", re.DOTALL)
# msgspec allows no such character in a name; private ones stand in for them.
AWKWARD = {ord(c): 0xE000 + ord(c) for c in ['"', "\\", *map(chr, range(32))]}
RESTORED = {stand_in: char for char, stand_in in AWKWARD.items()}


class RequestError(Exception):
    """Why a request gets no prediction: status, reason and place; rows count from 0."""

    def __init__(
        self, status: int, detail: str, row: int | None = None, column: str | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.content = {"detail": detail, "row": row, "column": column}


class Payload:
    """The decoder of requests; `request` is the type that it enforces."""

    def __init__(self, contract: Contract) -> None:
        self.inputs = contract["inputs"]
        self.names = [column["name"] for column in self.inputs]
        self.request = _request_type(self.inputs)
        self.awkward = any(name != name.translate(AWKWARD) for name in self.names)
        decoder = msgspec.json.Decoder(self.request, dec_hook=_parse)
        self._decode = self._decode_renamed if self.awkward else decoder.decode

    def decode(self, body: bytes | bytearray) -> Row | list[Row]:
        """Return one row or several; RequestError names the row and the column that are wrong."""
        try:
            request: Row | list[Row] = self._decode(body)
        except msgspec.ValidationError as error:
            raise _explain(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RequestError(400, f"The body is not JSON: {error}.") from None
        return request

    def columns(self, rows: Sequence[Row]) -> dict[str, Sequence[Any]]:
        """Return {name: values} as `contract.feed` takes them."""
        cells = zip(*map(msgspec.structs.astuple, rows), strict=True)
        pairs = zip(self.inputs, cells, strict=True)
        return {column["name"]: VALUES[column["type"]](values) for column, values in pairs}

    def as_written(self, row: Row) -> Row | dict[str, Any]:
        """Return what msgspec encodes as the object that was sent, missing columns as null."""
        if not self.awkward:
            return row
        return dict(zip(self.names, msgspec.structs.astuple(row), strict=True))

    def _decode_renamed(self, body: bytes | bytearray) -> Any:
        value = msgspec.json.decode(body)
        rows = list(map(_rename, value)) if isinstance(value, list) else _rename(value)
        return msgspec.convert(rows, self.request, dec_hook=_parse)


# What the model takes for the decoded cells of a column; None is missing.
VALUES: dict[str, Any] = {
    "number": lambda cells: cells,
    "date": lambda cells: [cell and cell.days for cell in cells],
    "category": lambda cells: ["" if cell is None else str(cell) for cell in cells],
}


def _request_type(inputs: Sequence[Input]) -> Any:
    fields: list[tuple[Any, ...]] = []
    for number, column in enumerate(inputs):
        kind = _cell_type(column)
        optional = (kind | None, None) if column["missing"] else (kind,)
        fields.append((f"column{number}", *optional))
    names = {f"column{i}": c["name"].translate(AWKWARD) for i, c in enumerate(inputs)}
    row = defstruct("Row", fields, rename=names, forbid_unknown_fields=True, kw_only=True, gc=False)
    return row | Annotated[list[row], Meta(min_length=1)]  # type: ignore[valid-type]


def _cell_type(column: Input) -> Any:
    """Return the type of a cell that is not missing."""
    if column["type"] == "number":
        return Annotated[float, Meta(ge=-FLOAT32, le=FLOAT32)]
    if column["type"] == "date":
        return date_type(column)
    text = Annotated[str, Meta(min_length=1)]
    boolean = set(column.get("categories") or []) <= {"True", "False"}  # what the model calls them
    return text | bool if boolean else text


def _parse(kind: type[Date], text: Any) -> Date:
    return kind.parse(text)


def _rename(row: Any) -> Any:
    return {n.translate(AWKWARD): v for n, v in row.items()} if isinstance(row, dict) else row


def _explain(text: str) -> RequestError:
    """Turn msgspec's message, which ends in a path, into a sentence with its row and column."""
    parts = PLACE.fullmatch(text.translate(RESTORED))
    message, row, column = parts.groups() if parts else (text, None, None)
    place = [f"row {row}"] * (row is not None) + [f"column {column!r}"] * (column is not None)
    if named := NAMED.fullmatch(message):
        column = named[2]
        message = f"{'missing' if named[1] == 'missing required' else 'unknown'} column {column!r}"
    detail = f"{', '.join(place)}: {message}" if place else message
    return RequestError(422, detail, None if row is None else int(row), column)
