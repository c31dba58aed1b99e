"""Find the header of a table, and the delimiter of a text."""

import csv
from collections import Counter
from io import StringIO
from itertools import islice

MAX_LEADING = 20  # lines before the header
MAX_MISFITS = 0.05  # share of rows that may not fit a header below other lines
DELIMITERS = ",;\t|"
NO_DELIMITER = "\x1f"  # for a single column


def find(text: str, complete: bool) -> tuple[str, list[str], list[str], int]:
    """Return the delimiter, the lines before the header, its names and its number of lines."""
    lines = list(StringIO(text, newline=""))  # split where Arrow does, and not at form feeds
    if not complete and len(lines) > 1:
        lines = lines[:-1]  # truncated
    top = lines[0].strip().lower() if lines else ""
    fixed = top[4:5] if top.startswith("sep=") else ""
    first = 1 if fixed else 0
    candidates = [
        (*_fit(lines[first:], delimiter, complete), delimiter)
        for delimiter in (fixed or DELIMITERS)
        if fixed or any(delimiter in line for line in lines)
    ]
    # Fewest misfits first, then fewest lines before the header, then most columns.
    misfits, leading, width, delimiter = min(candidates, default=(1.0, 0, -1, NO_DELIMITER))
    if width > -2 or (leading and misfits > MAX_MISFITS):
        delimiter, leading = NO_DELIMITER, _comments(lines[first:])
    before = lines[: first + leading]
    reader = csv.reader(lines[first + leading :], delimiter=delimiter)
    names = [name.strip() for name in next(reader, [])]
    return delimiter, [line.strip() for line in before], names, max(1, reader.line_num)


def header_row(rows: list[list[str]]) -> int:
    """Return the index of the header: rows with a title in a single cell may come before it.

    A header has at most one empty name, that of a row index.
    """
    titled = bool(rows) and len(rows[0]) > 2 and sum(map(bool, rows[0])) == 1
    first = enumerate(rows[: MAX_LEADING + 1])
    named = (place for place, row in first if row and row.count("") < 2)
    return next(named, 0) if titled else 0


def _fit(lines: list[str], delimiter: str, complete: bool) -> tuple[float, int, int]:
    """Return the share of misfits, the number of lines before, and minus the usual row width."""
    rows = list(islice(csv.reader(lines, delimiter=delimiter), 500))
    if not complete and len(rows) > 1:
        rows = rows[:-1]  # a quoted cell may be truncated
    widths = [len(row) for row in rows]
    filled = [width for width in widths if width]
    if not filled:
        return 1.0, 0, -1
    usual = Counter(filled).most_common(1)[0][0]
    leading = next(place for place, width in enumerate(widths) if width == usual)
    comments = _comments(lines)
    if leading <= comments < len(widths) and widths[comments] == usual:
        leading = comments
    leading += header_row([[cell.strip() for cell in row] for row in rows[leading:]])
    below = widths[leading + 1 :]
    if leading > MAX_LEADING or (below and usual > 1 and max(below) < 2):
        return 1.0, 0, -1  # it is part of a name, not a delimiter
    after = [width for width in widths[leading:] if width]
    return sum(width != usual for width in after) / len(after), leading, -usual


def _comments(lines: list[str]) -> int:
    """Return the number of comment lines at the top; `#` without a space after it is a name."""
    return next((n for n, line in enumerate(lines) if line.strip() and line[:2] != "# "), 0)
