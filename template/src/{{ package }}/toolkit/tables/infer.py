"""Infer the schema of a table from all of its cells."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..runs import UserError
from . import schema
from .cells import CODE, PLAIN, SIGNS, TRUTHS, Column, text_of
from .schema import MAX_CATEGORIES, BadCellsError, Values, cells_of, keys, parse, parsed

Dates = Literal["day-first", "month-first"] | None

# In this order; both formats of a pair that differs in the order of day and month are tried.
FORMATS = (
    *("ISO8601", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d.%m.%y"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d. %b %Y", "%d/%b/%Y", "%b %d, %Y", "%b %d %Y"),
)
MARKS = ((".", ","), (",", "."), (",", ""), (".", ""), (".", " "), (",", " "), (".", "'"))
TIME_OF_DAY = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?[AaPp][Mm])?")
MEASURED = re.compile(r"[+-]?[0-9][0-9.,]*\s*([^\W\d_][^\d]{0,9}|[°\"'])")
MIN_SHARE = 0.5  # of levels that look like numbers or dates in a column that may be misread
MIN_LEVELS = 10  # a column with fewer levels is categorical ...
MIN_NUMBERS = 4  # ... unless so many are numbers, and the others words
TRIAL = 50  # texts that are parsed first
SAMPLE = 200  # texts from which currency and percent signs are detected


def infer(
    table: pa.Table | pd.DataFrame,
    missing_values: Iterable[str] = (),
    dates: Dates = None,
    notes: list[str] | None = None,
    labels: set[str] = frozenset(),  # type: ignore[assignment]
) -> list[Column]:
    """Return the schema of every column; `notes` gains a sentence on an ambiguous interpretation.

    `dates` says what comes first in dates with no day above 12; `labels` are columns to read as
    categories. UserError if `dates` is needed.
    """
    notes = [] if notes is None else notes
    return [column for column, _ in infer_values(table, missing_values, dates, notes, labels)]


def infer_values(
    table: pa.Table | pd.DataFrame,
    missing_values: Iterable[str],
    dates: Dates,
    notes: list[str],
    labels: set[str] = frozenset(),  # type: ignore[assignment]
) -> Iterator[tuple[Column, Values]]:
    """Yield the schema of each column, as `infer` does, with its canonical values."""
    names = list(table.columns) if isinstance(table, pd.DataFrame) else table.column_names
    # Files delimited by semicolons use decimal commas.
    metadata = None if isinstance(table, pd.DataFrame) else table.schema.metadata
    commas = (metadata or {}).get(b"delimiter") == b";"
    tokens = list(missing_values)
    for name in names:
        bare = Column(name=name, kind="category", missing_values=tokens)
        cells = cells_of(table, name)
        found = _infer(bare, cells, "day-first" if name in labels else dates, commas)
        if name in labels:
            found = _as_labels(found, bare, cells)
        yield _complete(found, notes)


def times(
    table: pa.Table | pd.DataFrame, name: str, path: Path, missing: list[str], dates: Dates = None
) -> np.ndarray:
    """Return (rows,) float64, days or numbers; UserError if a cell is neither."""
    (column,) = infer(
        table[[name]] if isinstance(table, pd.DataFrame) else table.select([name]), missing, dates
    )
    values = parsed(cells_of(table, name), column, str(path))
    if isinstance(values, pd.Categorical) or np.isnan(values).any():
        raise UserError(f"data.time: {name!r} must be a date or number without missing values.")
    return values


def describe(
    column: Column, cells: pa.ChunkedArray | pa.Array, values: np.ndarray | None = None
) -> tuple[Column, Values]:
    """Return a column of known kind with range, levels, missing cells and offset, and its values.

    `values` (rows,) float64, if the cells are already parsed.
    """
    values = parsed(cells, column) if values is None else values
    found: dict[str, object]
    if isinstance(values, pd.Categorical):
        levels = [str(level) for level in values.categories if level]
        stored = levels if 0 < len(levels) <= MAX_CATEGORIES else None
        found = {"missing": "" in values.categories, "categories": stored}
    else:
        known = values[~np.isnan(values)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (None, None)
        found = {"missing": len(known) < len(values), "low": low, "high": high}
        found["offset"] = schema.offset(known, column.kind)
    column = column.model_copy(update=found)
    return column, schema.rounded(values, column)


class _Kind(NamedTuple):
    """A column's inferred kind, and a note for the user.

    `cells` may be dictionary-encoded; `values` are set if finding the kind parsed the cells.
    """

    column: Column
    note: str
    cells: pa.ChunkedArray | pa.Array
    values: np.ndarray | None = None


def _infer(bare: Column, cells: pa.ChunkedArray, dates: Dates, commas: bool) -> _Kind:
    kind = _typed(cells.type)
    if kind is None:
        return _texts(bare, cells, dates, commas)
    truth = pa.types.is_boolean(cells.type)
    seconds = pa.types.is_duration(cells.type) or pa.types.is_time(cells.type)
    column = bare.model_copy(update={"kind": kind, "boolean": truth})
    return _Kind(column, "is read as seconds" * seconds, cells)


def _as_labels(found: _Kind, bare: Column, cells: pa.ChunkedArray) -> _Kind:
    """Return the kind of a target of classes, which are only merged if true has several texts."""
    if found.column.boolean and pa.types.is_dictionary(found.cells.type):
        if len(pc.unique(_present(found.cells.dictionary, bare))) > 2:
            return found._replace(note="is read as true or false")
    elif found.column.kind == "category":
        return found
    return _Kind(bare, "", cells)


def _complete(found: _Kind, notes: list[str]) -> tuple[Column, Values]:
    column, values = describe(found.column, found.cells, found.values)
    note = found.note
    if column.boolean:
        column = column.model_copy(update={"categories": ["False", "True"]})
    if column.offset:
        start = f"{column.offset:.15g}" if column.kind != "date" else schema.moment(column.offset)
        note = f"is used as its difference from {start}, since float32 has 7 digits"
    if note:
        notes.append(f"column {column.name!r} {note}.")
    return column, values


def _typed(kind: pa.DataType) -> Literal["number", "category", "date"] | None:
    """Return the kind of typed cells, None for texts."""
    if pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return "category"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "date"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_nested(kind):
        return None
    return "number"


def _present(cells: pa.Array, bare: Column) -> pa.Array:
    """Return the stripped texts that are not missing."""
    texts = pc.utf8_trim_whitespace(cells.cast(pa.string()))
    absent = pa.array([*bare.missing_texts, None], pa.string())
    missing = pc.is_in(texts, absent)
    return texts.filter(pc.invert(missing)) if pc.any(missing).as_py() else texts


def _are_plain(texts: pa.Array) -> bool:
    """Return whether all texts are numbers in plain digits."""
    return all(map(PLAIN.fullmatch, texts.to_pylist()))  # not inf and nan, but 1e999


def _numbers(cells: pa.ChunkedArray, number: Column) -> np.ndarray | None:
    """Return the numbers if all texts are in plain digits; None if not, or if all are missing."""
    if not pa.types.is_string(cells.type) or schema.plain_numbers(cells[:TRIAL], number) is None:
        return None  # a failure on all texts would take long
    values = schema.plain_numbers(cells, number)
    return None if values is None or np.isnan(values).all() else values


def _has_codes(cells: pa.ChunkedArray, values: np.ndarray) -> bool:
    """Return whether a number has leading zeros, as codes do."""
    integers = values == np.floor(values)  # only these can be codes, and matching takes long
    if not integers.any():
        return False
    texts = pc.utf8_trim_whitespace(cells.filter(pa.array(integers)))
    texts = texts.filter(pc.less(texts, "1"))  # those that begin with 0, + or -
    return bool(pc.any(pc.match_substring_regex(texts, f"^{CODE.pattern}$")).as_py())


def _texts(bare: Column, cells: pa.ChunkedArray, dates: Dates, commas: bool) -> _Kind:
    """Infer the kind of texts: plain numbers first, then other kinds from the distinct texts."""
    number = bare.model_copy(update={"kind": "number"})
    values = _numbers(cells, number)
    if values is not None and not _has_codes(cells, values):
        return _Kind(number, "", cells, values)
    encoded = schema.encode(cells.cast(pa.string()))
    column, note = _distinct(bare, _present(encoded.dictionary, bare), cells, dates, commas)
    return _Kind(column, note, encoded)


def _distinct(
    bare: Column, known: pa.Array, cells: pa.ChunkedArray, dates: Dates, commas: bool
) -> tuple[Column, str]:
    """Infer a column, and a note for the user, from its distinct texts that are not missing."""
    number = bare.model_copy(update={"kind": "number"})
    if not len(known):
        return bare, ""
    if _are_plain(known[:TRIAL]) and _are_plain(known):
        code = next(filter(CODE.fullmatch, known.to_pylist()), None)
        note = f"holds codes such as {code!r}: it is read as categories" if code else ""
        return (bare if code else number), note
    sample = known[:SAMPLE].to_pylist()
    folded = {text.lower() for text in sample}
    if folded <= TRUTHS.keys():
        folded = {text.lower() for text in pc.unique(known).to_pylist()}
    if folded <= TRUTHS.keys() and (folded & {"true", "false"} or len(folded) > 2):
        several = len(folded) > 2
        return bare.model_copy(update={"boolean": True}), "is read as true or false" * several
    for column in _number_styles(number, sample, commas):
        if _fits(column, known, sample):
            levels = pc.unique(known).to_pylist()
            text = next(text for text in levels if not PLAIN.fullmatch(text))
            return column, f"is read as numbers: {text!r} as {column.number(text):.15g}"
    column = _date_format(bare, known, sample, dates)
    return column, _misread(column, known, cells)


def _date_format(bare: Column, known: pa.Array, sample: list[str], dates: Dates) -> Column:
    candidates = [bare.model_copy(update={"kind": "date", "format": each}) for each in FORMATS]
    fitting = [column for column in candidates if _fits(column, known, sample)]
    if not fitting:
        return bare
    pair = [column for column in fitting if str(column.format)[:2] in ("%d", "%m")][:2]
    if len(pair) < 2 or "b" in str(pair[1].format):
        return fitting[0]
    if dates is None:
        raise UserError(
            f"column {bare.name!r} holds dates such as {sample[0]!r} with no day above 12, so the "
            "order of day and month is ambiguous: set --data.dates day-first or month-first."
        )
    return pair[0 if dates == "day-first" else 1]


def _number_styles(number: Column, sample: list[str], commas: bool) -> Iterator[Column]:
    """Yield the possible formats of numbers that are not in plain digits."""
    signs = ["", *(sign for sign in SIGNS if any(sign in text for text in sample))]
    marks = MARKS[1:3] + MARKS[:1] + MARKS[3:] if commas else MARKS
    for sign in signs:
        for decimal, thousands in marks:
            style = {"sign": sign, "decimal": decimal, "thousands": thousands}
            yield number.model_copy(update=style)


def _fits(column: Column, known: pa.Array, sample: list[str]) -> bool:
    """Return whether a column can parse all texts; the sample is tried first."""
    if not all(_accepts(column, text) for text in sample):
        return False
    try:
        parse(known, column)
    except BadCellsError:
        return False
    return True


def _accepts(column: Column, text: str) -> bool:
    try:
        column.value(text)
    except ValueError:
        return False
    return True


def _misread(column: Column, known: pa.Array, cells: pa.ChunkedArray) -> str:
    """Report the few cells that keep a column from being numbers or dates, and how to fix them."""
    if column.kind != "category":
        return ""
    levels = pc.unique(known).to_pylist()
    many = len(levels) >= MIN_LEVELS
    if many and (hint := _format_hint(column, levels[:: 1 + len(levels) // 1000])):
        return f"is read as categories: {hint}"
    dates = [column.model_copy(update={"kind": "date", "format": each}) for each in FORMATS]
    best, invalid = closest(column, levels, dates)
    # Of few levels, "3 or more" is one of its own, and "unknown" may mean missing.
    own = any(map(str.isdigit, "".join(invalid))) or len(levels) - len(invalid) < MIN_NUMBERS
    if len(invalid) > (1 - MIN_SHARE) * len(levels) or (own and not many):
        return ""
    texts = keys(cells)
    places = {text: int(np.argmax(texts == text_of(text))) + 1 for text in invalid[:3]}
    quoted = ", ".join(f"{text!r} (row {row})" for text, row in places.items())
    values = ", ".join(f'"{text}"' for text in [*column.missing_values, *invalid])
    advice = f"if they mean missing: --data.missing '[{values}]'"
    if len(invalid) > len(places):
        advice = "fix them in the file"
    return (
        f"is read as categories: {len(invalid):,} of its {len(levels):,} distinct values are not "
        f"{best.kind}s, such as {quoted}; {advice}"
    )


def closest(column: Column, levels: list[str], dates: list[Column]) -> tuple[Column, list[str]]:
    """Return the format of numbers, or of `dates`, that fits most texts, and the other texts."""
    sample = levels[:: 1 + len(levels) // 1000]
    number = column.model_copy(update={"kind": "number"})
    formats = [number, *_number_styles(number, levels[:TRIAL], commas=False), *dates]
    best = max(formats, key=lambda each: sum(_accepts(each, text) for text in sample))
    return best, [text for text in levels if not _accepts(best, text)]


def _format_hint(column: Column, sample: list[str]) -> str:
    """Report an unsupported format of numbers, times or dates that all texts have."""
    if all(map(TIME_OF_DAY.fullmatch, sample)):
        return f"it holds times of day such as {sample[0]!r}; write them as hours or minutes"
    matches = [MEASURED.fullmatch(text) for text in sample]
    units = {found[1] if found else "" for found in matches}
    if len(units) == 1 and "" not in units:
        unit = units.pop()
        return f"its values end in {unit!r}, such as {sample[0]!r}; remove it to get numbers"
    candidates = [column.model_copy(update={"kind": "date", "format": each}) for each in FORMATS]
    formats: dict[str | None, str] = {}
    for text in sample:
        found = next((each.format for each in candidates if _accepts(each, text)), None)
        if found is None:
            return ""
        formats.setdefault(found, text)
    quoted = " and ".join(map(repr, islice(formats.values(), 2)))
    return f"it holds dates in several formats, such as {quoted}; use a single one"
