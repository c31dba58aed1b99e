"""A last row that sums up those above it, as spreadsheets have: no case to learn from or to score.

It is certain where its texts are empty or say so, and a number is the sum or the mean of those
above. The sums are taken only where the last row looks like one, in another pass over the file, so
that ordinary files cost nothing and large ones no memory.
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
BLANKS = 20  # empty rows that may stand below
SAMPLE = 200  # rows that tell how numbers are written
LEAST = 20  # numbers from which a sum is one without a word that says so
EXACT = 1e-9  # of the sum of all sizes: what adding up in another order may change
SUM, MEAN = 0.01, 0.05  # shares of a sum, and of the standard deviation, that rounding may hide


class Last(NamedTuple):
    """The last row that is not empty: what may be numbers, as a table too, words, empty columns.

    `alone` says whether it has no other text.
    """

    place: int
    row: pa.Table
    numbers: dict[str, Any]
    words: dict[str, str]
    empty: list[str]
    alone: bool


def without(
    part: pa.Table,
    rows: int,
    again: Iterator[pa.Table],
    path: Path,
    reading: Reading,
    notes: list[str],
) -> pa.Table:
    """Return the last part of a file, which `rows` others come before, without a row of sums.

    It is refused unless such rows are to be left out; `again` are all parts, read once more.
    """
    missing = ["", *reading.missing]
    if (row := last(part, missing)) is None:
        return part
    why, word = judge(row, _head(again, rows + row.place), missing)
    if why:
        found = f"row {rows + row.place + 1:,}, the last, sums up those above: {why}"
        refuse(path, reading, notes, [found])
        return part.filter(pa.array(np.arange(len(part)) != row.place))
    if word:
        notes.append(f"{path}: the last row says {word!r}: delete it if it sums up the others.")
    return part


def _head(parts: Iterator[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Yield the first rows, and no empty tables."""
    for part in filter(len, parts):
        if rows <= 0:
            return
        yield part.slice(0, rows)
        rows -= len(part)


def last(part: pa.Table, missing: list[str]) -> Last | None:
    """Return the last row of a file's last part if it may sum up those above, None if it can't."""
    start = max(0, len(part) - 1 - BLANKS)
    rows = part.slice(start).to_pylist()
    known = [{n: c for n, c in row.items() if not _is_gone(c, missing)} for row in rows]
    filled = [number for number, rest in enumerate(known) if rest]
    if not filled:
        return None
    rest, place = known[filled[-1]], start + filled[-1]
    words = {name: cell.strip() for name, cell in rest.items() if _is_word(cell)}
    numbers = {name: cell for name, cell in rest.items() if _is_number(cell)}
    alone = len(numbers) + len(words) == len(rest)
    above = part.slice(0, place)
    blank = [name for name in part.column_names if name not in rest]
    empty = [name for name in blank if not _holds(above, name, missing)]
    may_be = words or (alone and numbers and empty)
    row = part.slice(place, 1).select([*numbers])
    return Last(place, row, numbers, words, empty, alone) if may_be else None


def judge(row: Last, above: Iterable[pa.Table], missing: list[str]) -> tuple[str, str]:
    """Return what makes a row one of sums, and the word that it says: "" for what there is not.

    `above` are the parts of the file above it. What it says, or leaves empty, none of them does.
    """
    words, empty, columns = row.words, row.empty, None
    facts: dict[str, Any] = {}
    for part in above:
        words = {name: text for name, text in words.items() if not _holds(part, name, [text])}
        empty = [name for name in empty if not _holds(part, name, missing)]
        if not words and (row.words or not empty):
            return "", ""
        columns = _columns(row, part, missing) if columns is None else columns
        for column in columns:
            facts[column.name] = facts.get(column.name, 0) + _facts(part, column)
    word = next(iter(words.values()), "")
    if not columns or not row.alone or len(columns) < len(row.numbers):  # digits may be texts
        return "", word
    what = "mean" if word and MEANS.fullmatch(_plain(word)) else "sum"
    alike = _is_mean if what == "mean" else _is_sum
    found = [c for c in columns if alike(row.numbers[c.name], c, facts[c.name], bool(word))]
    is_sure = len(found) == len(columns) or facts[columns[0].name][0] >= LEAST
    if not found or not is_sure:  # by chance, of few numbers
        return "", word
    name = found[0].name
    return f"{row.numbers[name]!r} is the {what} of {name!r}", word


def _columns(row: Last, part: pa.Table, missing: list[str]) -> list[Column]:
    """Return those of the row's numbers whose columns hold numbers at the start of a file."""
    table = pa.concat_tables([part.select([*row.numbers]).slice(0, SAMPLE), row.row])
    return [column for column in infer(table, missing, "day-first") if column.kind == "number"]


def _facts(part: pa.Table, column: Column) -> np.ndarray:
    """Return how many numbers there are, how many are not 0, and sums: theirs, of sizes, squares.

    NaN if cells are none.
    """
    try:
        values = np.asarray(parse(cells_of(part, column.name), column))
    except BadCellsError:
        return np.full(5, np.nan)
    known = values[~np.isnan(values)]
    sums = [known.sum(), np.abs(known).sum(), known @ known]
    return np.array([len(known), np.count_nonzero(known), *sums])


def _is_sum(cell: Any, column: Column, facts: np.ndarray, is_said: bool) -> bool:
    _, filled, total, sizes, _ = facts.tolist()
    value, half = column.number(cell), _half(cell, column)
    exact = EXACT * sizes
    near = exact if half > SUM * abs(value) else half + exact
    enough = filled > 1 if is_said else filled >= LEAST and abs(total) > sizes - exact
    return bool(value and enough and abs(value - total) <= near)


def _is_mean(cell: Any, column: Column, facts: np.ndarray, is_said: bool) -> bool:
    count, _, total, sizes, squares = facts.tolist()
    value, half, mean = column.number(cell), _half(cell, column), total / max(count, 1)
    spread = max(squares / max(count, 1) - mean**2, 0.0) ** 0.5
    return count > 2 and half <= MEAN * spread and abs(value - mean) <= half + EXACT * sizes


def _half(cell: Any, column: Column) -> float:
    """Return half a unit of the last digit that is written."""
    digits = re.search(rf"{re.escape(column.decimal)}([0-9]+)", text_of(cell))
    return 0.5 * 10.0 ** -len(digits[1] if digits else "")


def _holds(part: pa.Table, name: str, texts: list[str]) -> bool:
    """Return whether one of the texts is among the cells; an empty one stands for null too."""
    cells = cells_of(part, name)
    if "" in texts and cells.null_count:
        return True
    if not pa.types.is_string(cells.type):
        return False
    found = pc.is_in(pc.utf8_trim_whitespace(cells), pa.array(texts, pa.string()))
    return bool(pc.any(found).as_py())


def _is_gone(cell: Any, missing: list[str]) -> bool:
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
