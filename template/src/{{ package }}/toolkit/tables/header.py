"""Where the header of a table is, and what separates the cells of a text."""

import csv
from collections import Counter
from io import StringIO
from itertools import islice

LEADING = 20  # lines before the header, at most
FITTING = 0.05  # share of rows that may not fit a header below other lines
DELIMITERS = ",;\t|"
NOTHING = "\x1f"  # the delimiter of a single column


def find(text: str, whole: bool) -> tuple[str, list[str], list[str], int]:
    """Return delimiter, the lines before the header, its names, and how many lines it takes."""
    lines = list(StringIO(text, newline=""))  # ended as Arrow ends them, and not by a form feed
    if not whole and len(lines) > 1:
        lines = lines[:-1]  # cut off
    told = lines[0].strip().lower() if lines else ""
    fixed = told[4:5] if told.startswith("sep=") else ""
    first = 1 if fixed else 0
    tried = [
        (*_fit(lines[first:], delimiter, whole), delimiter)
        for delimiter in (fixed or DELIMITERS)
        if fixed or any(delimiter in line for line in lines)
    ]
    # Fewest rows that do not fit; then, fewest lines before the header; then, most columns.
    misfits, leading, narrow, delimiter = min(tried, default=(1.0, 0, -1, NOTHING))
    if narrow > -2 or (leading and misfits > FITTING):
        delimiter, leading = NOTHING, _comments(lines[first:])
    before = lines[: first + leading]
    reader = csv.reader(lines[first + leading :], delimiter=delimiter)
    names = [name.strip() for name in next(reader, [])]
    return delimiter, [line.strip() for line in before], names, max(1, reader.line_num)


def headed(rows: list[list[str]]) -> int:
    """Return which row is the header: titles in one cell alone, and what follows, stand before it.

    A header lacks one name at most, that of a column which numbers the rows.
    """
    titled = bool(rows) and len(rows[0]) > 2 and sum(map(bool, rows[0])) == 1
    named = (place for place, row in enumerate(rows[: LEADING + 1]) if row and row.count("") < 2)
    return next(named, 0) if titled else 0


def _fit(lines: list[str], delimiter: str, whole: bool) -> tuple[float, int, int]:
    """Return the share of rows that do not fit, lines before, and less how many cells most have."""
    rows = list(islice(csv.reader(lines, delimiter=delimiter), 500))
    if not whole and len(rows) > 1:
        rows = rows[:-1]  # its quoted cell may be cut off
    widths = [len(row) for row in rows]
    filled = [width for width in widths if width]
    if not filled:
        return 1.0, 0, -1
    usual = Counter(filled).most_common(1)[0][0]
    leading = next(place for place, width in enumerate(widths) if width == usual)
    comments = _comments(lines)
    if leading <= comments < len(widths) and widths[comments] == usual:
        leading = comments
    leading += headed([[cell.strip() for cell in row] for row in rows[leading:]])
    below = widths[leading + 1 :]
    if leading > LEADING or (below and usual > 1 and max(below) < 2):
        return 1.0, 0, -1  # it separates nothing, but stands in a name
    after = [width for width in widths[leading:] if width]
    return sum(width != usual for width in after) / len(after), leading, -usual


def _comments(lines: list[str]) -> int:
    """Return how many lines at the top are comments; what # stands before at once is a name."""
    return next((n for n, line in enumerate(lines) if line.strip() and line[:2] != "# "), 0)
