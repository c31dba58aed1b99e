"""The schema of a table, and its conversion to the canonical table that a model takes."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from ..runs import UserError
from .cells import DAY, FLOAT32, Column, example, text_of

UNSEEN = 0.5  # share of rows with unseen categories above which a column has changed
MAX_CATEGORIES = 200  # stored in a schema
TIME_OF_DAY = r"([T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{6})?)?"  # as Arrow reads it
MIN_DAY = -719_162  # 0001-01-01, the first day in Python
MAX_ERROR = 1e-3  # of rounding to float32, in standard deviations, before an offset is used
NESTED = {b"json": b"nested"}  # metadata of a field of JSON whose texts are lists or objects
COMPOUND = (list, dict, bytes, np.ndarray)  # types of cells that hold several values, or none
MAX_SHOWN = 40  # characters of a cell in a message
SEVERAL = re.compile(r"""\[\s*((["']).*\2|\d.*)?\s*\]|\{.*:.*\}""", re.DOTALL)  # such a text
OFFSET_STEPS = {"number": 1, "date": 7}  # whole weeks keep the weekday

Values: TypeAlias = np.ndarray | pd.Categorical


class Schema(BaseModel, extra="forbid"):
    """Target and inputs: `labels` is None for a numeric target; the last of two is positive.

    `offset` is subtracted from a numeric target before it becomes float32.
    """

    target: str
    labels: list[str] | None
    columns: list[Column]
    properties: list[Column] = []  # measured of images and texts; not model inputs
    sources: list[Column] = []  # for slices only
    offset: float = 0.0

    @property
    def described(self) -> list[Column]:
        """The columns to profile, slice and compare: the properties, if any, or the inputs."""
        return self.properties or self.columns


class BadCellsError(ValueError):
    """Invalid cells of a column: the places of all, and the reason for the first."""

    def __init__(self, places: np.ndarray, reason: str) -> None:
        super().__init__(reason)
        self.places = places


def schema_file(source: Path, folder: Path) -> Path:
    """Return the path of a file's schema: `folder` mirrors the path of the file."""
    parts = [part for part in source.parts if part != source.anchor]
    place = folder.joinpath(*("__" if part == ".." else part for part in parts))
    return place.with_name(f"{place.name}.schema.yaml")


def cells_of(table: pa.Table | pd.DataFrame, name: str) -> pa.ChunkedArray:
    """Return a column: dictionaries are decoded, and all types of text become `string`."""
    if isinstance(table, pa.Table):
        cells = table[name]
    else:
        try:
            values = pa.array(table[name], from_pandas=True)
        except pa.ArrowException:  # cells of JSON, of several types
            values = pa.array([None if c is None or c != c else text_of(c) for c in table[name]])
        cells = values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    other = pa.types.is_large_string(cells.type) or pa.types.is_string_view(cells.type)
    return cells.cast(pa.string()) if other else cells


def canonical(
    table: pa.Table | pd.DataFrame, columns: list[Column], source: str = "data.path", first: int = 0
) -> pd.DataFrame:
    """Return the columns as the model takes them; `first` rows came before those of `table`.

    Numbers and dates (days since 1970-01-01), minus their offset, become float32 with NaN for
    missing, categories become categoricals of str with "" for missing. UserError names column and
    row of an invalid cell.
    """
    names = list(table.columns) if isinstance(table, pd.DataFrame) else table.column_names
    absent = [column.name for column in columns if column.name not in names]
    if absent:
        raise UserError(f"{source}: no column {', '.join(map(repr, absent))}; it has {names}.")
    data = {}
    for column in columns:
        values = parsed(cells_of(table, column.name), column, source, first)
        data[column.name] = rounded(values, column)
    return pd.DataFrame(data)


def rounded(values: Values, column: Column) -> Values:
    """Return float64 minus the offset as float32; categories are returned unchanged."""
    if isinstance(values, pd.Categorical):
        return values
    return np.subtract(values, column.offset).astype(np.float32)


def parsed(
    cells: pa.ChunkedArray | pa.Array,
    column: Column,
    source: str = "data.path",
    first: int = 0,
) -> Values:
    """Return the result of `parse`; UserError names column and row of an invalid cell."""
    try:
        return parse(cells, column)
    except BadCellsError as bad:
        more = f" ({len(bad.places):,} such rows)" * (len(bad.places) > 1)
        raise UserError(
            f"{source}: column {column.name!r}, row {first + int(bad.places[0]) + 1}: {bad}{more}; "
            "fix it or, if it means missing, add it to data.missing."
        ) from None


def parse(cells: pa.ChunkedArray | pa.Array, column: Column) -> Values:
    """Return `Column.value` of every cell: (rows,) float64, or a Categorical of str.

    Each distinct cell is parsed once; plain numbers and dates are converted all at once, with the
    same result. BadCellsError if some cells are invalid.
    """
    encoded = isinstance(cells, pa.DictionaryArray)
    fast = {"number": plain_numbers, "date": _moments}.get(column.kind)
    if fast and (found := fast(cells.dictionary if encoded else cells, column)) is not None:
        return found[cells.indices.to_numpy()] if encoded else found
    codes, distinct = _distinct(cells)
    values: list[float | str] = []
    bad: dict[int, str] = {}
    for code, cell in enumerate(distinct):
        try:
            values.append(column.value(cell))
        except ValueError as error:
            bad[code] = str(error)
            values.append("")
    if bad:
        places = np.flatnonzero(np.isin(codes, list(bad)))
        raise BadCellsError(places, bad[int(codes[places[0]])])
    if column.kind != "category":
        return np.array(values, np.float64)[codes]
    levels, places = np.unique(np.array(values, object), return_inverse=True)
    return pd.Categorical.from_codes(places[codes], pd.Index(levels, dtype="str"))


def plain_numbers(cells: pa.ChunkedArray | pa.Array, column: Column) -> np.ndarray | None:
    """Return the numbers of a column, None if a cell may not be a plain number."""
    if pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type):
        values = _floats(cells)
        missing = np.isnan(values) | np.isin(values, column.missing_numbers)
    elif pa.types.is_string(cells.type) and not column.is_styled:
        texts = pc.utf8_trim_whitespace(cells)
        absent = pc.is_in(texts, _absent(column))
        try:
            values = _floats(pc.if_else(absent, None, texts))
        except pa.ArrowInvalid:
            return None
        missing = np.asarray(absent) | np.isin(values, column.missing_numbers)
    else:
        return None
    if not (missing | (np.abs(values) <= FLOAT32)).all():
        return None
    return np.where(missing, np.nan, values)


def _floats(cells: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """Return (rows,) float64, NaN for null."""
    return np.asarray(cells.cast(pa.float64(), safe=pa.types.is_string(cells.type)))


def _absent(column: Column) -> pa.Array:
    return pa.array([*column.missing_texts, None], pa.string())


def _moments(cells: pa.ChunkedArray | pa.Array, column: Column) -> np.ndarray | None:
    """Return the days of typed dates or of texts, None if not all texts are plain dates."""
    if pa.types.is_string(cells.type):
        return _plain_dates(cells, column)
    if not (pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type)):
        return None
    kind = cells.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":  # a cast would round towards 1970
        cells = pc.floor_temporal(cells, unit="microsecond")
    moments = cells.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False)
    return _floats(moments.cast(pa.int64())) / DAY


def _plain_dates(cells: pa.ChunkedArray | pa.Array, column: Column) -> np.ndarray | None:
    """Return the days of dates in digits that are all padded to the same length, else None."""
    texts = pc.utf8_trim_whitespace(cells)
    texts = pc.if_else(pc.is_in(texts, _absent(column)), None, texts)
    written = (column.format or "ISO8601").replace("ISO8601", "%Y-%m-%d")
    fields = re.findall("%([a-zA-Z])", written)
    if sorted(fields) != ["Y", "d", "m"]:
        return None
    digits = {"Y": r"([0-9]{4})", "m": r"([0-9]{2})", "d": r"([0-9]{2})"}
    day = re.sub("%([Ymd])", lambda field: digits[field[1]], re.escape(written).replace(r"\%", "%"))
    full = f"^{day}{TIME_OF_DAY}$"
    if not pc.all(pc.match_substring_regex(texts, full)).as_py():
        return None
    if written != "%Y-%m-%d":
        iso = "-".join(rf"\{1 + fields.index(key)}" for key in "Ymd")
        texts = pc.replace_substring_regex(texts, full, rf"{iso}\4")
    try:
        moments = texts.cast(pa.timestamp("us")).cast(pa.int64())
    except pa.ArrowInvalid:  # the 30th of February
        return None
    values = _floats(moments) / DAY
    return None if (values < MIN_DAY).any() else values


def without_percent(table: pa.Table, columns: list[Column], source: Path) -> list[str]:
    """Report columns that had % in training and have none here: they may be fractions."""
    notes = []
    for column in columns:
        if column.sign != "%":
            continue
        texts = pc.utf8_trim_whitespace(cells_of(table, column.name).cast(pa.string()))
        present = texts.filter(pc.invert(pc.is_in(texts, _absent(column))))
        if len(present) and not pc.any(pc.match_substring(present, "%")).as_py():
            notes.append(
                f"column {column.name!r} of {source} has no %, but had it in training: "
                f"{present[0]} is read as {present[0]}%."
            )
    return notes


def encode(cells: pa.ChunkedArray | pa.Array) -> pa.DictionaryArray:
    """Return the cells dictionary-encoded, in order of first appearance."""
    if isinstance(cells, pa.DictionaryArray):
        return cells
    array = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    return pc.dictionary_encode(array, null_encoding="encode")


def _distinct(cells: pa.ChunkedArray | pa.Array) -> tuple[np.ndarray, list[object]]:
    encoded = encode(cells)
    distinct = encoded.dictionary.to_pylist()
    if pa.types.is_float32(cells.type):  # 0.82, not 0.8199999928474426
        distinct = [None if cell is None else float(str(np.float32(cell))) for cell in distinct]
    return encoded.indices.to_numpy(), distinct


def keys(cells: pa.ChunkedArray) -> np.ndarray:
    """Return (rows,) str that identify groups, with all digits, "" for a missing one."""
    codes, distinct = _distinct(cells)
    return np.array([*map(_key, distinct)], object)[codes]


def _key(cell: object) -> str:
    return "" if cell is None or cell != cell else text_of(cell)


def labels(table: pa.Table | pd.DataFrame, name: str, source: Path) -> np.ndarray:
    """Return (rows,) str: labels as they are written, without spaces around, "" for a missing one.

    UserError names the row of a label that is a list, an object or bytes.
    """
    check_plain(table, name, source, "give each row a single label, as a text")
    codes, distinct = _distinct(cells_of(table, name))
    texts = [cell.strip() if isinstance(cell, str) else _key(cell) for cell in distinct]
    if several := [code for code, text in enumerate(texts) if SEVERAL.fullmatch(text)]:
        row, shown = int(np.isin(codes, several).argmax()), f"{texts[several[0]]:.{MAX_SHOWN}}"
        raise UserError(
            f"{source}: column {name!r}, row {row + 1}, is a list or an object, {shown}: give each "
            "row a single label, as a text."
        )
    return np.array(texts, object)[codes]


def check_plain(
    table: pa.Table | pd.DataFrame, name: str, source: Path, advice: str, first: int = 0
) -> None:
    """Raise UserError for the first list, object or bytes; `first` rows came before the table."""
    cells, rows, from_json = table[name], range(table.shape[0]), False
    if isinstance(table, pd.DataFrame):
        rows, compound = table.index, cells.dtype == object
    else:
        field = table.field(name)
        from_json = field.metadata == NESTED
        compound = from_json or pa.types.is_nested(field.type) or "binary" in str(field.type)
        cells = cells.to_pylist() if compound else []
    for row, cell in zip(rows, cells, strict=True) if compound else ():
        if isinstance(cell, COMPOUND) or (from_json and (cell or " ")[0] in "[{"):
            kind = "bytes" if isinstance(cell, bytes) else "a list or an object"
            shown = f"{cell}"[:MAX_SHOWN] + "…" * (len(f"{cell}") > MAX_SHOWN)
            row += first + 1
            raise UserError(f"{source}: column {name!r}, row {row}, is {kind}, {shown}: {advice}.")


def offset(values: np.ndarray, kind: str) -> float:
    """Return the offset with which numbers or dates keep their precision in float32 (7 digits).

    `values` (rows,) float64; 0.0 where no relevant precision is lost.
    """
    known = values[~np.isnan(values)]
    if not len(known) or known.min() == known.max():
        return 0.0
    allowed = MAX_ERROR * known.std()
    if max(-known.min(), known.max()) * 2**-24 <= allowed:  # upper bound of the rounding
        return 0.0
    single = known.astype(np.float32)
    lost = np.abs(known - single).max()
    if lost <= allowed:
        return 0.0
    if kind == "date" and len(np.unique(single)) == len(np.unique(known)):
        return 0.0  # all stay distinct, and formats for apps take no offset
    base = np.floor(known.min() / OFFSET_STEPS[kind]) * OFFSET_STEPS[kind]
    with np.errstate(over="ignore"):  # a range beyond float32 overflows to infinity
        error = np.abs((known - base) - (known - base).astype(np.float32)).max()
    return float(base) if error < lost / 10 else 0.0


def readable(value: float, column: Column) -> str:
    """Format a number or date of a canonical table for people."""
    if np.isnan(value):
        return ""
    if column.kind == "date":
        return moment(value + column.offset) if column.offset else example("ISO8601", value)
    return f"{value + column.offset:.15g}" if column.offset else f"{value:g}"


def moment(days: float) -> str:
    """Format days since 1970-01-01 as date and time, in whole seconds."""
    return str(datetime(1970, 1, 1) + timedelta(seconds=round(days * 86_400)))
