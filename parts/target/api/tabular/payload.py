"""What a request may hold: a row type made from the contract, decoded and checked in one pass."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, defstruct

from ..formats.contract import Contract, Input
from .answers import AWKWARD, RequestError, explain
from .dates import Date, date_type

Row = Struct  # one field a column, in the contract's order

FLOAT32 = 3.4028234663852886e38  # a larger number would be infinite to the model


class Payload:
    """The decoder of requests; `request` is the type that it enforces."""

    def __init__(self, contract: Contract) -> None:
        self.inputs = contract["inputs"]
        self.names = [column["name"] for column in self.inputs]
        self.request = _request_type(self.inputs)
        self.awkward = any(name != name.translate(AWKWARD) for name in self.names)
        decoder = msgspec.json.Decoder(self.request, dec_hook=_parse)
        self._decode = self._decode_renamed if self.awkward else decoder.decode

    async def read(self, body: bytearray, kind: str) -> Row | list[Row]:
        """Return what `decode` does, whatever the kind: it is JSON, or it is wrong."""
        return self.decode(body)

    def decode(self, body: bytes | bytearray) -> Row | list[Row]:
        """Return one row or several; RequestError names the row and the column that are wrong."""
        try:
            request: Row | list[Row] = self._decode(body)
        except msgspec.ValidationError as error:
            raise explain(str(error)) from None
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
    boolean = column.get("categories") == ["False", "True"]  # what the model calls them
    return text | bool if boolean else text


def _parse(kind: type[Date], text: Any) -> Date:
    return kind.parse(text)


def _rename(row: Any) -> Any:
    return {n.translate(AWKWARD): v for n, v in row.items()} if isinstance(row, dict) else row
