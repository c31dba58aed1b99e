"""The sheets of a workbook, whose cells are typed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..runs import UserError
from .delimited import Reading, left_out
from .header import LEADING, headed


def read(path: Path, reading: Reading, notes: list[str]) -> Iterator[pa.Table]:
    """Yield the rows of a sheet at once, before them a table without rows."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
    except CalamineError as error:
        raise ValueError(str(error)) from None
    sheet = reading.sheet or book.sheet_names[0]
    if sheet not in book.sheet_names:
        raise UserError(f"data.sheet: {path} has no sheet {sheet!r}; it has {book.sheet_names}.")
    others = ", ".join(repr(name) for name in book.sheet_names if name != sheet)
    if others and reading.sheet is None:
        notes.append(f"{path}: sheet {sheet!r} is read; data.sheet can name another: {others}.")
    lines = book.get_sheet_by_name(sheet).to_python(skip_empty_area=True) or [[]]
    texts = [[str(cell).strip() for cell in line] for line in lines[: LEADING + 1]]
    start = headed(texts)
    left_out(path, [" ".join(filter(None, cells)) for cells in texts[:start]], notes)
    names, rows = texts[start], lines[start + 1 :]
    if not rows and others:
        raise UserError(
            f"{path}: sheet {sheet!r} holds no rows; read another, --data.sheet NAME: {others}."
        )
    columns = [_typed(list(cells)) for cells in zip(*rows, strict=True)]
    whole = pa.table(columns or [pa.array([], pa.string()) for _ in names], names=names)
    yield whole.slice(0, 0)
    yield whole


def _typed(cells: list[Any]) -> pa.Array:
    """Return typed cells, of a column of several kinds their texts; "" is an empty cell."""
    filled = [cell for cell in cells if cell != ""]
    kinds = {type(cell) for cell in filled}
    if len(kinds) == 1 and not isinstance(filled[0], str):
        return pa.array([None if cell == "" else cell for cell in cells])
    texts = [str(int(c)) if isinstance(c, float) and c.is_integer() else str(c) for c in cells]
    return pa.array(texts, pa.string())
