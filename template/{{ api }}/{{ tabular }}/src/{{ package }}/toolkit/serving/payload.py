"""Requests: a row type made from the contract, decoded and validated in one pass.

The decoder knows the levels of the training set. Any other cell, such as an unseen level or a
number in quotes, is read by the same rules as in a file, only slower.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, defstruct

from ..export.contract import Contract, Input, column_of
from ..tables.cells import FLOAT32, Column
from ..tables.cells import example as written
from .answers import ESCAPES, RequestError

Row = Struct  # one field per column, in the order of the contract


class Date(str):
    """A date as it was written, with its `days` since 1970-01-01 UTC."""

    days: float
    column: Column

    @classmethod
    def parse(cls, cell: Any) -> "Date":
        """Return the date of a cell; ValueError if it is not one."""
        if not isinstance(cell, str) or cls.column.is_missing(cell):
            expected = written(cls.column.format or "ISO8601")
            raise ValueError(f"{cell!r:.40} is not a date such as {expected}")
        date = cls(cell)
        date.days = cls.column.days(cell)
        return date


MISSING = "is missing, but has no missing values in the training set"


REFUSALS = {
    400: "The body is not JSON.",
    401: "The header X-API-Key is missing or wrong.",
    408: "The body took too long to arrive.",
    413: "The body is too large, or has too many rows.",
    422: "A value, a column or the number of rows is wrong; `row` counts from 1.",
    503: "Too many rows are waiting; try again.",
}


class Payload:
    """The decoder of requests; `row` is the type of one row."""

    def __init__(self, contract: Contract) -> None:
        self.inputs = contract["inputs"]
        self.columns_ = [column_of(column) for column in self.inputs]
        self.names = [column.name for column in self.columns_]
        self.types = [_cell_type(column) for column in self.columns_]
        self.row = _row_type(self.columns_, self.types)
        self.escaped = any(name != name.translate(ESCAPES) for name in self.names)
        self.levels = [
            (number, frozenset([*column.categories, ""]))
            for number, column in enumerate(self.columns_)
            if column.kind == "category" and column.categories
        ]
        self.decoder = msgspec.json.Decoder(_request(self.row), dec_hook=_parse)

    def read(self, body: bytearray, kind: str) -> Any:
        """Return the result of `decode`, whatever the content type: only JSON is valid."""
        return self.decode(body)

    def decode(self, body: bytes | bytearray) -> Row | list[Row]:
        """Return one row or several; RequestError names the invalid row and column."""
        try:
            request: Row | list[Row] = self.decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self._read(_json(body))
        return request

    def _read(self, body: Any) -> Row | list[Row]:
        """Return the rows of a decoded body, cell by cell."""
        if isinstance(body, list) and body:
            return [self._row(row, number) for number, row in enumerate(body, start=1)]
        return self._row(body, None)

    def _row(self, row: Any, number: int | None) -> Row:
        location = "" if number is None else f"row {number}, "
        if not isinstance(row, dict):
            what = "is not an object" if number else "is neither an object nor a list of objects"
            raise RequestError(422, f"{location or 'the body '}{what}", number)
        if unknown := [name for name in row if name not in self.names]:
            raise RequestError(422, f"{location}unknown column {unknown[0]!r}", number, unknown[0])
        cells = {}
        for column, kind in zip(self.columns_, self.types, strict=True):
            name = column.name
            if name not in row and not column.missing:
                raise RequestError(422, f"{location}missing column {name!r}", number, name)
            try:
                cells[name] = _cell(column, kind, row.get(name))
            except ValueError as error:
                raise RequestError(
                    422, f"{location}column {name!r}: {error}", number, name
                ) from None
        return self.row(**{f"column{n}": cells[name] for n, name in enumerate(self.names)})

    def columns(self, rows: Sequence[Row]) -> dict[str, Sequence[Any]]:
        """Return {name: values} as `contract.feed` takes them."""
        cells = zip(*map(msgspec.structs.astuple, rows), strict=True)
        pairs = zip(self.columns_, cells, strict=True)
        return {column.name: _values(column, values) for column, values in pairs}

    def as_written(self, row: Row) -> Row | dict[str, Any]:
        """Return the row for the log: the object that was sent, with missing columns as null."""
        if not self.escaped:
            return row
        return dict(zip(self.names, msgspec.structs.astuple(row), strict=True))

    def unseen(self, row: Row) -> list[str]:
        """Return the columns with an unseen category."""
        cells = msgspec.structs.astuple(row)
        return [self.names[n] for n, known in self.levels if (cells[n] or "") not in known]

    @staticmethod
    def example(contract: Contract) -> dict[str, Any]:
        """Return a row within the ranges and categories of the training data."""
        return {column["name"]: _example(column) for column in contract["inputs"]}

    def content(self, contract: Contract) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the content of a request body by content type, and the schemas it refers to."""
        described = [Annotated[Any, Meta(extra_json_schema=_schema(c))] for c in self.columns_]
        (request,), schemas = msgspec.json.schema_components(
            [_request(_row_type(self.columns_, described))],
            ref_template="#/components/schemas/{name}",
        )
        row = self.example(contract)
        for name, value in row.items():
            schemas["Row"]["properties"][name.translate(ESCAPES)]["examples"] = [value]
        examples = {"one row": {"value": row}, "many rows": {"value": [row, row]}}
        return {"application/json": {"schema": request, "examples": examples}}, schemas


def _row_type(columns: Sequence[Column], types: Sequence[Any]) -> type[Struct]:
    fields: list[tuple[Any, ...]] = []
    for number, (column, kind) in enumerate(zip(columns, types, strict=True)):
        optional = (kind | None, None) if column.missing else (kind,)
        fields.append((f"column{number}", *optional))
    names = {f"column{n}": column.name.translate(ESCAPES) for n, column in enumerate(columns)}
    return defstruct(
        "Row", fields, rename=names, forbid_unknown_fields=True, kw_only=True, gc=False
    )


def _request(row: type[Struct]) -> Any:
    return row | Annotated[list[row], Meta(min_length=1)]  # type: ignore[valid-type]


def _cell_type(column: Column) -> Any:
    """Return the type of a cell that is not missing, as the decoder reads it."""
    if column.kind == "number":
        return Annotated[float, Meta(ge=-FLOAT32, le=FLOAT32)]
    if column.kind == "date":
        return type("Cell", (Date,), {"column": column})
    levels = [level for level in column.categories or [] if column.value(level) == level]
    return Literal[*levels] if levels else Literal[""]


def _cell(column: Column, kind: Any, cell: Any) -> Any:
    """Return a cell as the decoder does."""
    if column.is_missing(cell):
        if not column.missing:
            raise ValueError(MISSING)
        return None
    return kind.parse(cell) if column.kind == "date" else column.value(cell)


def _values(column: Column, cells: Sequence[Any]) -> Sequence[Any]:
    """Return the values of a column as the model takes them; None is missing."""
    if column.kind == "category":
        return ["" if cell is None else cell for cell in cells]
    if column.kind == "date":
        return [cell and cell.days - column.offset for cell in cells]
    if column.offset or column.missing_numbers:
        missing = column.missing_numbers
        return [None if c is None or c in missing else c - column.offset for c in cells]
    return cells


def _json(body: bytes | bytearray) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(400, f"The body is not JSON: {error}.") from None


def _parse(kind: Any, cell: Any) -> Any:
    return kind.parse(cell)


def _example(column: Input) -> Any:
    low, high = column.get("low") or 0.0, column.get("high") or 0.0
    if column["type"] == "category":
        return (column.get("categories") or ["text"])[0]
    if column["type"] == "date":
        return written(column.get("format") or "ISO8601", (low + high) / 2)
    return round((low + high) / 2, 2)


def _schema(column: Column) -> dict[str, Any]:
    """Return the JSON schema of a cell; a category is read as text, like a cell of a file."""
    written = column.format or "ISO8601"
    date: dict[str, Any] = {"description": f"Written as {written}."}
    if written == "ISO8601":
        date = {"anyOf": [{"format": "date"}, {"format": "date-time"}]}
    schema = {
        "number": {"type": "number", "minimum": -FLOAT32, "maximum": FLOAT32},
        "date": {"type": "string", **date},
        "category": {"type": ["string", "number", "boolean"]},
    }[column.kind]
    if column.missing:
        return {"anyOf": [schema, {"enum": [None, *column.missing_values]}]}
    return schema | ({"pattern": r"\S"} if column.kind == "category" else {})
