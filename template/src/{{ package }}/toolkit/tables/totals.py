"""A row of totals at the end of a file, as spreadsheets have: not a row to train on or to score.

A row is one if its texts are empty or say so, and a number is the sum or the mean of those above.
The sums are computed only if the last row looks like one, in a second pass over the file, so that
ordinary files take no extra time and large ones no extra memory.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .cells import SIGNS, Column, text_of
from .delimited import Reading, refuse
from .infer import infer
from .schema import BadCellsError, cells_of, parse

SUMS = re.compile(
    r"(grand |sub)?totals?|sums?|(gesamt|zwischen)?summe|(ins)?gesamt|somme|totaux|totale|totaal|"
    r"total g[eé]n[eé]ral|suma|somma|soma|som|razem|toplam|итого|всего|合計|合计|总计|합계"
)
MEANS = re.compile(
    r"mean|average|avg|mittelwert|durchschnitt|moyenne|promedio|m[eé]dia|gemiddelde|średnia|"
    r"ortalama|среднее|平均|평균"
)
NUMBER = rf"[{SIGNS}+-]?[{SIGNS}+-]? ?[0-9.,' \u00a0\u202f]*[0-9]([eE][+-]?[0-9]+)? ?[{SIGNS}]?"
MAX_BLANK = 20  # empty rows that may follow
SAMPLE = 200  # rows from which the number format is inferred
MIN_NUMBERS = 20  # from this many on, a sum needs no word such as "Total"
EXACT = 1e-9  # of the sum of absolute values: the error of adding in another order
SUM, MEAN = 0.01, 0.05  # largest rounding error, of a sum and of the standard deviation


class LastRow(NamedTuple):
    """The last row that is not empty: possible numbers (also as a table), words, empty columns.

    `only` is True if it has no other text.
    """

    place: int
    row: pa.Table
    numbers: dict[str, Any]
    words: dict[str, str]
    empty: list[str]
    only: bool


def drop_total(
    part: pa.Table,
    rows: int,
    again: Iterator[pa.Table],
    path: Path,
    reading: Reading,
    notes: list[str],
) -> pa.Table:
    """Return the last part of a file, after `rows` other rows, without a row of totals.

    UserError for such a row unless `reading` skips them; `again` yields all parts once more.
    """
    missing = ["", *reading.missing]
    if (row := last_row(part, missing)) is None:
        return part
    reason, word = explain(row, _head(again, rows + row.place), missing)
    if reason:
        found = f"row {rows + row.place + 1:,}, the last, summarizes the rows above: {reason}"
        refuse(path, reading, notes, [found])
        return part.filter(pa.array(np.arange(len(part)) != row.place))
    if word:
        notes.append(f"{path}: the last row says {word!r}: delete it if it summarizes the others.")
    return part


def _head(parts: Iterator[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Yield the first rows, without empty tables."""
    for part in filter(len, parts):
        if rows <= 0:
            return
        yield part.slice(0, rows)
        rows -= len(part)


def last_row(part: pa.Table, missing: list[str]) -> LastRow | None:
    """Return the last row of a file's last part if it may hold totals, else None."""
    start = max(0, len(part) - 1 - MAX_BLANK)
    rows = part.slice(start).to_pylist()
    known = [{n: c for n, c in row.items() if not _is_missing(c, missing)} for row in rows]
    filled = [number for number, rest in enumerate(known) if rest]
    if not filled:
        return None
    rest, place = known[filled[-1]], start + filled[-1]
    words = {name: cell.strip() for name, cell in rest.items() if _is_word(cell)}
    numbers = {name: cell for name, cell in rest.items() if _is_number(cell)}
    only = len(numbers) + len(words) == len(rest)
    above = part.slice(0, place)
    blank = [name for name in part.column_names if name not in rest]
    empty = [name for name in blank if not _contains(above, name, missing)]
    may_be = words or (only and numbers and empty)
    row = part.slice(place, 1).select([*numbers])
    return LastRow(place, row, numbers, words, empty, only) if may_be else None


def explain(row: LastRow, above: Iterable[pa.Table], missing: list[str]) -> tuple[str, str]:
    """Return why a row holds totals, and its word such as "Total"; "" where there is none.

    `above` are the parts of the file above the row. It holds totals only if none of them has its
    words, or missing values in its empty columns.
    """
    words, empty, columns = row.words, row.empty, None
    facts: dict[str, Any] = {}
    for part in above:
        words = {name: text for name, text in words.items() if not _contains(part, name, [text])}
        empty = [name for name in empty if not _contains(part, name, missing)]
        if not words and (row.words or not empty):
            return "", ""
        columns = _columns(row, part, missing) if columns is None else columns
        for column in columns:
            facts[column.name] = facts.get(column.name, 0) + _facts(part, column)
    word = next(iter(words.values()), "")
    if not columns or not row.only or len(columns) < len(row.numbers):  # digits may be texts
        return "", word
    what = "mean" if word and MEANS.fullmatch(_plain(word)) else "sum"
    matches = _is_mean if what == "mean" else _is_sum
    found = [c for c in columns if matches(row.numbers[c.name], c, facts[c.name], bool(word))]
    is_sure = len(found) == len(columns) or facts[columns[0].name][0] >= MIN_NUMBERS
    if not found or not is_sure:  # few numbers match by chance
        return "", word
    name = found[0].name
    return f"{row.numbers[name]!r} is the {what} of {name!r}", word


def _columns(row: LastRow, part: pa.Table, missing: list[str]) -> list[Column]:
    """Return the columns of the row's numbers that are numeric at the start of the file."""
    table = pa.concat_tables([part.select([*row.numbers]).slice(0, SAMPLE), row.row])
    return [column for column in infer(table, missing, "day-first") if column.kind == "number"]


def _facts(part: pa.Table, column: Column) -> np.ndarray:
    """Return counts of numbers and of nonzero ones; sums of values, absolute values and squares.

    All are NaN if the column can't be parsed.
    """
    try:
        values = np.asarray(parse(cells_of(part, column.name), column))
    except BadCellsError:
        return np.full(5, np.nan)
    known = values[~np.isnan(values)]
    sums = [known.sum(), np.abs(known).sum(), known @ known]
    return np.array([len(known), np.count_nonzero(known), *sums])


def _is_sum(cell: Any, column: Column, facts: np.ndarray, has_word: bool) -> bool:
    _, filled, total, sizes, _ = facts.tolist()
    value, half = column.number(cell), _half(cell, column)
    exact = EXACT * sizes
    near = exact if half > SUM * abs(value) else half + exact
    enough = filled > 1 if has_word else filled >= MIN_NUMBERS and abs(total) > sizes - exact
    return bool(value and enough and abs(value - total) <= near)


def _is_mean(cell: Any, column: Column, facts: np.ndarray, has_word: bool) -> bool:
    count, _, total, sizes, squares = facts.tolist()
    value, half, mean = column.number(cell), _half(cell, column), total / max(count, 1)
    spread = max(squares / max(count, 1) - mean**2, 0.0) ** 0.5
    return count > 2 and half <= MEAN * spread and abs(value - mean) <= half + EXACT * sizes


def _half(cell: Any, column: Column) -> float:
    """Return half a unit of the last written digit."""
    digits = re.search(rf"{re.escape(column.decimal)}([0-9]+)", text_of(cell))
    return 0.5 * 10.0 ** -len(digits[1] if digits else "")


def _contains(part: pa.Table, name: str, texts: list[str]) -> bool:
    """Return whether a cell has one of the texts; "" also matches null."""
    cells = cells_of(part, name)
    if "" in texts and cells.null_count:
        return True
    if not pa.types.is_string(cells.type):
        return False
    found = pc.is_in(pc.utf8_trim_whitespace(cells), pa.array(texts, pa.string()))
    return bool(pc.any(found).as_py())


def _is_missing(cell: Any, missing: list[str]) -> bool:
    return cell is None or cell != cell or (isinstance(cell, str) and cell.strip() in missing)


def _plain(text: str) -> str:
    return text.strip(" :.=").casefold()


def _is_word(cell: Any) -> bool:
    text = _plain(cell) if isinstance(cell, str) else ""
    return bool(SUMS.fullmatch(text) or MEANS.fullmatch(text))


def _is_number(cell: Any) -> bool:
    if isinstance(cell, str):
        return re.fullmatch(NUMBER, cell.strip()) is not None
    return isinstance(cell, int | float | Decimal) and not isinstance(cell, bool)
