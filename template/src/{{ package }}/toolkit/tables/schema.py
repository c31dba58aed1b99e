"""What each column of a table holds, and the table that a model takes."""

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

UNSEEN = 0.5  # share of rows with levels never seen before at which a column has shifted
FEW = 200  # levels that are written down
CLOCK = r"([T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{6})?)?"  # as Arrow reads it
FIRST = -719_162  # days of 0001-01-01: Python knows none before
LOST = 1e-3  # of a standard deviation: a rounding to float32 that is more takes an offset
STEPS = {"number": 1, "date": 7}  # of offsets: less whole weeks, a weekday stays what it is

Values: TypeAlias = np.ndarray | pd.Categorical


class Schema(BaseModel, extra="forbid"):
    """The model's view: `labels` is None for a numeric target; the last of two is positive.

    `offset` is what is taken off a numeric target before it becomes float32.
    """

    target: str
    labels: list[str] | None
    columns: list[Column]
    properties: list[Column] = []  # measured of images and texts, for people; models see none
    sources: list[Column] = []  # for slices alone
    offset: float = 0.0

    @property
    def described(self) -> list[Column]:
        """What can be profiled, sliced and compared: the properties, or else the columns."""
        return self.properties or self.columns


class BadCellsError(ValueError):
    """Cells that a column can't hold: the places of all, and what the first one is not."""

    def __init__(self, places: np.ndarray, reason: str) -> None:
        super().__init__(reason)
        self.places = places


def schema_file(source: Path, folder: Path) -> Path:
    """Return where the schema of a file is saved: `folder` mirrors the way to the file."""
    parts = [part for part in source.parts if part != source.anchor]
    place = folder.joinpath(*("__" if part == ".." else part for part in parts))
    return place.with_name(f"{place.name}.schema.yaml")


def cells_of(table: pa.Table | pd.DataFrame, name: str) -> pa.ChunkedArray:
    """Return a column; of a dictionary, its values, and of all types of text the usual one."""
    if isinstance(table, pa.Table):
        cells = table[name]
    else:
        try:
            values = pa.array(table[name], from_pandas=True)
        except pa.ArrowException:  # cells of JSON, of several kinds
            values = pa.array([None if c is None or c != c else text_of(c) for c in table[name]])
        cells = values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    other = pa.types.is_large_string(cells.type) or pa.types.is_string_view(cells.type)
    return cells.cast(pa.string()) if other else cells


def canonical(
    table: pa.Table | pd.DataFrame, columns: list[Column], source: str = "data.path", first: int = 0
) -> pd.DataFrame:
    """Return the columns as the model takes them, of rows that `first` others came before.

    Numbers and dates (days since 1970-01-01), less their offset, become float32 with NaN for
    missing, categories become categoricals of str with "" for missing. UserError names column and
    row of a cell that is none.
    """
    names = list(table.columns) if isinstance(table, pd.DataFrame) else table.column_names
    absent = [column.name for column in columns if column.name not in names]
    if absent:
        raise UserError(f"{source}: no column {', '.join(map(repr, absent))}; it has {names}.")
    found = {}
    for column in columns:
        values = parsed(cells_of(table, column.name), column, source, first)
        found[column.name] = rounded(values, column)
    return pd.DataFrame(found)


def rounded(values: Values, column: Column) -> Values:
    """Return float64 less the offset as float32; categories stay what they are."""
    if isinstance(values, pd.Categorical):
        return values
    return np.subtract(values, column.offset).astype(np.float32)


def parsed(
    cells: pa.ChunkedArray | pa.Array,
    column: Column,
    source: str = "data.path",
    first: int = 0,
) -> Values:
    """Return what `parse` does; UserError names column and row of a cell that is none."""
    try:
        return parse(cells, column)
    except BadCellsError as bad:
        more = f" ({len(bad.places):,} such rows)" * (len(bad.places) > 1)
        raise UserError(
            f"{source}: column {column.name!r}, row {first + int(bad.places[0]) + 1}: {bad}{more}; "
            "fix it, or add what means missing to data.missing."
        ) from None


def parse(cells: pa.ChunkedArray | pa.Array, column: Column) -> Values:
    """Return what `Column.value` says of every cell: (rows,) float64, or a Categorical of str.

    Each distinct cell is asked for once; numbers in plain digits are converted all together, which
    gives the same. BadCellsError if a column can't hold some.
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
    """Return the numbers of a column that is a number in every cell; None if it may not be."""
    if pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type):
        values = _floats(cells)
        gone = np.isnan(values) | np.isin(values, column.missing_numbers)
    elif pa.types.is_string(cells.type) and not column.is_styled:
        texts = pc.utf8_trim_whitespace(cells)
        absent = pc.is_in(texts, _absent(column))
        try:
            values = _floats(pc.if_else(absent, None, texts))
        except pa.ArrowInvalid:
            return None
        gone = np.asarray(absent) | np.isin(values, column.missing_numbers)
    else:
        return None
    if not (gone | (np.abs(values) <= FLOAT32)).all():
        return None
    return np.where(gone, np.nan, values)


def _floats(cells: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """Return (rows,) float64, NaN for null."""
    return np.asarray(cells.cast(pa.float64(), safe=pa.types.is_string(cells.type)))


def _absent(column: Column) -> pa.Array:
    return pa.array([*column.missing_texts, None], pa.string())


def _moments(cells: pa.ChunkedArray | pa.Array, column: Column) -> np.ndarray | None:
    """Return the days of typed dates; None if the cells are texts that are not all plain dates."""
    if pa.types.is_string(cells.type):
        return _plain_dates(cells, column)
    if not (pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type)):
        return None
    kind = cells.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":  # a cast would round to 1970
        cells = pc.floor_temporal(cells, unit="microsecond")
    moments = cells.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False)
    return _floats(moments.cast(pa.int64())) / DAY


def _plain_dates(cells: pa.ChunkedArray | pa.Array, column: Column) -> np.ndarray | None:
    """Return the days of texts that are dates in digits, all of them padded and of one length."""
    texts = pc.utf8_trim_whitespace(cells)
    texts = pc.if_else(pc.is_in(texts, _absent(column)), None, texts)
    written = (column.format or "ISO8601").replace("ISO8601", "%Y-%m-%d")
    fields = re.findall("%([a-zA-Z])", written)
    if sorted(fields) != ["Y", "d", "m"]:
        return None
    digits = {"Y": r"([0-9]{4})", "m": r"([0-9]{2})", "d": r"([0-9]{2})"}
    day = re.sub("%([Ymd])", lambda field: digits[field[1]], re.escape(written).replace(r"\%", "%"))
    full = f"^{day}{CLOCK}$"
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
    return None if (values < FIRST).any() else values


def without_percent(table: pa.Table, columns: list[Column], source: Path) -> list[str]:
    """Name the columns that training saw with % and that have none here: shares may be meant."""
    notes = []
    for column in columns:
        if column.sign != "%":
            continue
        texts = pc.utf8_trim_whitespace(cells_of(table, column.name).cast(pa.string()))
        known = texts.filter(pc.invert(pc.is_in(texts, _absent(column))))
        if len(known) and not pc.any(pc.match_substring(known, "%")).as_py():
            notes.append(
                f"column {column.name!r} of {source} has no %, and had it in training: "
                f"{known[0]} is read as {known[0]}%."
            )
    return notes


def encode(cells: pa.ChunkedArray | pa.Array) -> pa.DictionaryArray:
    """Return the distinct cells, in the order in which they come, and where each stands."""
    if isinstance(cells, pa.DictionaryArray):
        return cells
    whole = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    return pc.dictionary_encode(whole, null_encoding="encode")


def _distinct(cells: pa.ChunkedArray | pa.Array) -> tuple[np.ndarray, list[object]]:
    encoded = encode(cells)
    distinct = encoded.dictionary.to_pylist()
    if pa.types.is_float32(cells.type):  # 0.82, and not 0.8199999928474426
        distinct = [None if cell is None else float(str(np.float32(cell))) for cell in distinct]
    return encoded.indices.to_numpy(), distinct


def keys(cells: pa.ChunkedArray) -> np.ndarray:
    """Return (rows,) str that tell groups apart, "" where there is none, with all their digits."""
    codes, distinct = _distinct(cells)
    texts = ["" if cell is None or cell != cell else text_of(cell) for cell in distinct]
    return np.array(texts, object)[codes]


def offset(values: np.ndarray, kind: str) -> float:
    """Return what has to be taken off numbers or dates lest float32, with 7 digits, loses theirs.

    `values` (rows,) float64; 0.0 where nothing is lost that matters.
    """
    known = values[~np.isnan(values)]
    if not len(known) or known.min() == known.max():
        return 0.0
    allowed = LOST * known.std()
    if max(-known.min(), known.max()) * 2**-24 <= allowed:  # it rounds by no more
        return 0.0
    near32 = known.astype(np.float32)
    lost = np.abs(known - near32).max()
    if lost <= allowed:
        return 0.0
    if kind == "date" and len(np.unique(near32)) == len(np.unique(known)):
        return 0.0  # all stay distinct, and formats for apps take no offset
    near = np.floor(known.min() / STEPS[kind]) * STEPS[kind]
    with np.errstate(over="ignore"):  # twice the largest float32 is kept as infinity, so not at all
        kept = np.abs((known - near) - (known - near).astype(np.float32)).max()
    return float(near) if kept < lost / 10 else 0.0


def readable(value: float, column: Column) -> str:
    """Write a number or date of a canonical table as a person would."""
    if np.isnan(value):
        return ""
    if column.kind == "date":
        return moment(value + column.offset) if column.offset else example("ISO8601", value)
    return f"{value + column.offset:.15g}" if column.offset else f"{value:g}"


def moment(days: float) -> str:
    """Write days since 1970-01-01 with the time of day, in whole seconds."""
    return str(datetime(1970, 1, 1) + timedelta(seconds=round(days * 86_400)))
