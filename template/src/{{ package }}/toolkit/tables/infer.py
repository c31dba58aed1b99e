"""What the columns of a table hold, told from every cell of each."""

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
from .schema import FEW, BadCellsError, Values, cells_of, keys, parse, parsed

Dates = Literal["day-first", "month-first"] | None

# In this order; of a pair that only the order of day and month tells apart, both have to be tried.
FORMATS = (
    *("ISO8601", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d.%m.%y"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d. %b %Y", "%d/%b/%Y", "%b %d, %Y", "%b %d %Y"),
)
MARKS = ((".", ","), (",", "."), (",", ""), (".", ""), (".", " "), (",", " "), (".", "'"))
TIME_OF_DAY = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?[AaPp][Mm])?")
MEASURED = re.compile(r"[+-]?[0-9][0-9.,]*\s*([^\W\d_][^\d]{0,9}|[°\"'])")
MOST = 0.5  # share of the levels that look like numbers or dates in what may be misread
LEAST = 10  # fewer levels are categories, whatever they look like
TRIED = 50  # texts that are tried first
SHOWN = 200  # of a column, from which its signs are told


def infer(
    table: pa.Table | pd.DataFrame,
    missing_values: Iterable[str] = (),
    dates: Dates = None,
    notes: list[str] | None = None,
    labels: set[str] = frozenset(),  # type: ignore[assignment]
) -> list[Column]:
    """Describe every column; `notes` gains a sentence where a reading should be known.

    `dates` says what comes first where no day above 12 tells it; `labels` are categories, whatever
    they look like. UserError if `dates` is needed.
    """
    notes = [] if notes is None else notes
    return [column for column, _ in inferred(table, missing_values, dates, notes, labels)]


def inferred(
    table: pa.Table | pd.DataFrame,
    missing_values: Iterable[str],
    dates: Dates,
    notes: list[str],
    labels: set[str] = frozenset(),  # type: ignore[assignment]
) -> Iterator[tuple[Column, Values]]:
    """Yield each column as `infer` describes it, with its values as `canonical` has them."""
    names = list(table.columns) if isinstance(table, pd.DataFrame) else table.column_names
    # Who separates cells by semicolons needs the comma for decimals.
    told = None if isinstance(table, pd.DataFrame) else table.schema.metadata
    commas = (told or {}).get(b"delimiter") == b";"
    tokens = list(missing_values)
    for name in names:
        bare = Column(name=name, kind="category", missing_values=tokens)
        cells = cells_of(table, name)
        found = _told(bare, cells, "day-first" if name in labels else dates, commas)
        if name in labels and found.column.kind != "category":
            found = _Kind(bare, "", cells)
        yield _whole(found, notes)


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


def described(
    column: Column, cells: pa.ChunkedArray | pa.Array, values: np.ndarray | None = None
) -> tuple[Column, Values]:
    """Return a column of known kind with what its cells say, and what the model takes of them.

    They say range, levels, gaps and offset. `values` (rows,) float64, if they are parsed already.
    """
    values = parsed(cells, column) if values is None else values
    found: dict[str, object]
    if isinstance(values, pd.Categorical):
        levels = [str(level) for level in values.categories if level]
        found = {"missing": "" in values.categories, "categories": _few(levels)}
    else:
        known = values[~np.isnan(values)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (None, None)
        found = {"missing": len(known) < len(values), "low": low, "high": high}
        found["offset"] = schema.offset(known, column.kind)
    column = column.model_copy(update=found)
    return column, schema.rounded(values, column)


def _few(levels: list[str]) -> list[str] | None:
    return levels if 0 < len(levels) <= FEW else None


class _Kind(NamedTuple):
    """What cells say of a column's kind, and what a person should know of it.

    `cells` may be encoded; `values` are theirs where they had to be parsed to know the kind.
    """

    column: Column
    note: str
    cells: pa.ChunkedArray | pa.Array
    values: np.ndarray | None = None


def _told(bare: Column, cells: pa.ChunkedArray, dates: Dates, commas: bool) -> _Kind:
    kind = _typed(cells.type)
    if kind is None:
        return _texts(bare, cells, dates, commas)
    truth = pa.types.is_boolean(cells.type)
    seconds = pa.types.is_duration(cells.type) or pa.types.is_time(cells.type)
    column = bare.model_copy(update={"kind": kind, "boolean": truth})
    return _Kind(column, "is read as seconds" * seconds, cells)


def _whole(found: _Kind, notes: list[str]) -> tuple[Column, Values]:
    column, values = described(found.column, found.cells, found.values)
    note = found.note
    if column.boolean:
        column = column.model_copy(update={"categories": ["False", "True"]})
    if column.offset:
        is_date = column.kind == "date"
        start = schema.moment(column.offset) if is_date else f"{column.offset:.15g}"
        note = f"is learned as its difference from {start}: float32 has 7 digits"
    if note:
        notes.append(f"column {column.name!r} {note}.")
    return column, values


def _typed(kind: pa.DataType) -> Literal["number", "category", "date"] | None:
    """Return the kind of typed cells; texts say it themselves."""
    if pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return "category"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "date"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_nested(kind):
        return None
    return "number"


def _known(cells: pa.Array, bare: Column) -> pa.Array:
    """Return the texts that are not missing, without blanks around them."""
    texts = pc.utf8_trim_whitespace(cells.cast(pa.string()))
    absent = pa.array([*bare.missing_texts, None], pa.string())
    gone = pc.is_in(texts, absent)
    return texts.filter(pc.invert(gone)) if pc.any(gone).as_py() else texts


def _plain(texts: pa.Array) -> bool:
    """Return whether all texts are numbers in plain digits."""
    return all(map(PLAIN.fullmatch, texts.to_pylist()))  # inf and nan are none, 1e999 is


def _numbers(cells: pa.ChunkedArray, number: Column) -> np.ndarray | None:
    """Return the numbers in plain digits that all texts are; None if they are not, or missing."""
    if not pa.types.is_string(cells.type) or schema.plain_numbers(cells[:TRIED], number) is None:
        return None  # of many texts, it takes long to say that they are none
    values = schema.plain_numbers(cells, number)
    return None if values is None or np.isnan(values).all() else values


def _coded(cells: pa.ChunkedArray, values: np.ndarray) -> bool:
    """Return whether a number has leading zeros that are no digits of it."""
    whole = values == np.floor(values)  # no other can have them, and to look takes long
    if not whole.any():
        return False
    texts = pc.utf8_trim_whitespace(cells.filter(pa.array(whole)))
    texts = texts.filter(pc.less(texts, "1"))  # those that begin with 0, + or -
    return bool(pc.any(pc.match_substring_regex(texts, f"^{CODE.pattern}$")).as_py())


def _texts(bare: Column, cells: pa.ChunkedArray, dates: Dates, commas: bool) -> _Kind:
    """Say what texts are: first what is quickest, of the other kinds each distinct text once."""
    number = bare.model_copy(update={"kind": "number"})
    values = _numbers(cells, number)
    if values is not None and not _coded(cells, values):
        return _Kind(number, "", cells, values)
    encoded = schema.encode(cells.cast(pa.string()))
    column, note = _meant(bare, _known(encoded.dictionary, bare), cells, dates, commas)
    return _Kind(column, note, encoded)


def _meant(
    bare: Column, known: pa.Array, cells: pa.ChunkedArray, dates: Dates, commas: bool
) -> tuple[Column, str]:
    """Return what distinct texts that are not missing are, and what a person should know of it."""
    number = bare.model_copy(update={"kind": "number"})
    if not len(known):
        return bare, ""
    if _plain(known[:TRIED]) and _plain(known):
        code = next(filter(CODE.fullmatch, known.to_pylist()), None)
        return (
            (bare, f"holds codes such as {code!r}: it is read as categories")
            if code
            else (number, "")
        )
    shown = known[:SHOWN].to_pylist()
    folded = {text.lower() for text in shown}
    if folded <= TRUTHS.keys():
        folded = {text.lower() for text in pc.unique(known).to_pylist()}
    if folded <= TRUTHS.keys() and (folded & {"true", "false"} or len(folded) > 2):
        several = len(folded) > 2
        return bare.model_copy(update={"boolean": True}), "is read as true or false" * several
    for column in _styles(number, shown, commas):
        if _fits(column, known, shown):
            levels = pc.unique(known).to_pylist()
            text = next(text for text in levels if not PLAIN.fullmatch(text))
            return column, f"is read as numbers: {text!r} as {column.number(text):.15g}"
    column = _dated(bare, known, shown, dates)
    return column, _misread(column, known, cells)


def _dated(bare: Column, known: pa.Array, shown: list[str], dates: Dates) -> Column:
    tried = [bare.model_copy(update={"kind": "date", "format": each}) for each in FORMATS]
    fitting = [column for column in tried if _fits(column, known, shown)]
    if not fitting:
        return bare
    pair = [column for column in fitting if str(column.format)[:2] in ("%d", "%m")][:2]
    if len(pair) < 2 or "b" in str(pair[1].format):
        return fitting[0]
    if dates is None:
        raise UserError(
            f"column {bare.name!r} holds dates such as {shown[0]!r}, and no day above 12 tells "
            "whether the day or the month comes first: say so, --data.dates day-first or "
            "month-first."
        )
    order = "%d" if dates == "day-first" else "%m"
    return next(column for column in pair if str(column.format).startswith(order))


def _styles(number: Column, shown: list[str], commas: bool) -> Iterator[Column]:
    """Yield the ways in which numbers that are not in plain digits may be written."""
    signs = ["", *(sign for sign in SIGNS if any(sign in text for text in shown))]
    marks = MARKS[1:3] + MARKS[:1] + MARKS[3:] if commas else MARKS
    for sign in signs:
        for decimal, thousands in marks:
            yield number.model_copy(
                update={"sign": sign, "decimal": decimal, "thousands": thousands}
            )


def _fits(column: Column, known: pa.Array, shown: list[str]) -> bool:
    """Return whether all texts are what a column holds: first, some that are `shown`."""
    if not all(_is(column, text) for text in shown):
        return False
    try:
        parse(known, column)
    except BadCellsError:
        return False
    return True


def _is(column: Column, text: str) -> bool:
    try:
        column.value(text)
    except ValueError:
        return False
    return True


def _misread(column: Column, known: pa.Array, cells: pa.ChunkedArray) -> str:
    """Say which few cells keep a column from being numbers or dates, and what to do about it."""
    if column.kind != "category":
        return ""
    levels = pc.unique(known).to_pylist()
    if len(levels) < LEAST:
        return ""
    if form := _written(column, levels[:: 1 + len(levels) // 1000]):
        return f"is read as categories: {form}"
    number = column.model_copy(update={"kind": "number"})
    ways = [number, *_styles(number, levels[:TRIED], commas=False)]
    ways += [column.model_copy(update={"kind": "date", "format": each}) for each in FORMATS]
    sample = levels[:: 1 + len(levels) // 1000]
    best = max(ways, key=lambda way: sum(_is(way, text) for text in sample))
    odd = [text for text in levels if not _is(best, text)]
    if len(odd) > (1 - MOST) * len(levels):
        return ""
    texts = keys(cells)
    places = {text: int(np.argmax(texts == text_of(text))) + 1 for text in odd[:3]}
    shown = ", ".join(f"{text!r} (row {row})" for text, row in places.items())
    what = "dates" if best.kind == "date" else "numbers"
    values = ", ".join(f'"{text}"' for text in [*column.missing_values, *odd])
    few = f"if they mean missing: --data.missing '[{values}]'"
    way = few if len(odd) <= len(places) else "fix them in the file"
    return (
        f"is read as categories: {len(odd):,} of its {len(levels):,} values are no {what}, such as "
        f"{shown}; {way}"
    )


def _written(column: Column, sample: list[str]) -> str:
    """Say in which way that is not read all of the texts are numbers, times or dates."""
    if all(map(TIME_OF_DAY.fullmatch, sample)):
        return f"it holds times of day such as {sample[0]!r}; write them as hours or minutes"
    matches = [MEASURED.fullmatch(text) for text in sample]
    units = {found[1] if found else "" for found in matches}
    if len(units) == 1 and "" not in units:
        unit = units.pop()
        return f"its values end in {unit!r}, as {sample[0]!r} does; take that off to have numbers"
    ways = [column.model_copy(update={"kind": "date", "format": each}) for each in FORMATS]
    forms: dict[str | None, str] = {}
    for text in sample:
        form = next((way.format for way in ways if _is(way, text)), None)
        if form is None:
            return ""
        forms.setdefault(form, text)
    shown = " and ".join(map(repr, islice(forms.values(), 2)))
    return f"it holds dates in several forms, such as {shown}; write all in one"
