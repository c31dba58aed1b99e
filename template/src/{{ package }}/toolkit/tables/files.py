"""Read the cells of a file, for every command: delimited text, JSON, Parquet and Excel.

Text and JSON give cells as text, the others typed values; cells.py says what a cell means.
"""

import csv
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..runs import UserError
from . import delimited, json_rows, totals
from .cells import PLAIN
from .delimited import BLOCK, Reading, note_leading_lines, open_binary, refuse
from .header import MAX_LEADING, header_row

ROWS = 65_536  # per batch, where a format allows a choice
MIN_NUMBERS = 20  # numeric rows needed to recognize a row of units
MAX_SHOWN = 8  # names of columns in a message
NUMBER = rf"^\s*{PLAIN.pattern}\s*$"

# What readers raise for a damaged file; for a password, zipfile raises RuntimeError.
READ_ERRORS = (
    *(ValueError, OSError, EOFError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, csv.Error, pa.ArrowException),
)


def batches(path: Path, reading: Reading, notes: list[str]) -> Iterator[pa.Table]:
    """Yield the rows in order, first a table without rows; all have the same columns.

    `notes` gains a sentence for whatever is left out. UserError if the file can't be read.
    """
    with readable(path):
        parts = _parts(path, reading, notes)
        yield next(parts)
        rows, last = 0, None
        for part in filter(len, parts):
            if last is not None:
                yield last
                rows += len(last)
            last = part
        if last is not None and reading.free_text:
            yield last
        elif last is not None:
            again = _parts(path, reading._replace(bad_rows="skip"), [])
            yield totals.drop_total(last, rows, again, path, reading, notes)


def _parts(path: Path, reading: Reading, notes: list[str]) -> Iterator[pa.Table]:
    """Yield what `batches` does, including a row of totals."""
    kind = _kind(path)
    tables = READERS[kind](path, reading, notes)
    first = next(tables)
    keep = _unique(first.column_names, path)
    yield first.select(keep)
    started = False
    for table in tables:
        table = table.select(keep)
        if kind != ".parquet":
            table = _data_rows(table, not started, path, reading, notes)
        started = started or table.num_rows > 0
        yield table


def table(path: Path, reading: Reading, notes: list[str]) -> pa.Table:
    """Return all rows at once; UserError if there are none."""
    data = pa.concat_tables(batches(path, reading, notes))
    if not data.num_rows:
        raise UserError(f"{path}: holds no rows.")
    if not data.num_columns:
        raise UserError(f"{path}: holds no columns.")
    return _without_index(data, path, notes)


def frame(
    path: Path, missing: list[str], settings: Any = None, notes: list[str] | None = None
) -> pd.DataFrame:
    """Return all rows as a pandas DataFrame; texts listed in `missing` become NaN.

    Cells of JSON are texts, as in `batches`, or lists and objects. `settings`, the `data` section,
    says what to do with malformed rows; `notes` gains a sentence for whatever is left out.
    """
    notes = [] if notes is None else notes
    with readable(path):
        is_json = _kind(path) == ".json"
        records = list(json_rows.records(path, notes)) if is_json else []
    if is_json:
        found = pd.DataFrame(records, dtype=object).map(
            lambda cell: cell if isinstance(cell, list | dict) else json_rows.text_of(cell)
        )
    else:
        found = table(path, Reading.of(settings), notes).to_pandas()
    if found.empty:
        raise UserError(f"{path}: holds no rows.")
    for name in found:
        texts = found[name].map(lambda cell: isinstance(cell, str) and cell in missing)
        found[name] = found[name].mask(texts.astype(bool))
    return found


def check_names(names: Iterable[str], wanted: Iterable[tuple[str, Any]], path: Path) -> None:
    """Raise UserError for a (key of the `data` section, column) whose column is missing."""
    names = list(names)
    for key, name in wanted:
        if name is not None and name not in names:
            if not names:
                raise UserError(f"{path}: holds no rows.")
            near = get_close_matches(name, names, 1)
            shown = ", ".join(map(repr, names[:MAX_SHOWN])) + ", …" * (len(names) > MAX_SHOWN)
            way = f"did you mean {near[0]!r}?" if near else f"it has {shown}."
            raise UserError(f"data.{key}: {path} has no {name!r}; {way}")


def count(path: Path) -> int | None:
    """Return an estimate of the number of rows, None if that requires reading them all."""
    with readable(path):
        if _kind(path) == ".parquet":
            return int(pq.read_metadata(path).num_rows)
        if path.suffix.lower() not in (".csv", ".tsv", ".txt", ".jsonl", ".ndjson"):
            return None
        with path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn the errors of readers for a damaged file into a UserError."""
    if path.is_dir():
        raise UserError(f"{path}: is a folder: write its contents as the rows of one file.")
    if not path.is_file():
        raise UserError(f"{path}: no such file; set data.path to a {', '.join(SUFFIXES)} file.")
    try:
        yield
    except READ_ERRORS as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: can't be read ({reason}); is it complete?") from None


def _kind(path: Path) -> str:
    name = path.name.lower()
    kind = next((kind for suffix, kind in SUFFIXES.items() if name.endswith(suffix)), None)
    if kind is None:
        raise UserError(f"{path}: unknown file type; the name must end in {', '.join(SUFFIXES)}.")
    if name.endswith(".zip"):
        with open_binary(path) as file:
            inside = SUFFIXES.get(Path(str(file.name)).suffix.lower())
        kind = ".json" if inside == ".json" else kind
    return kind


def _unique(names: list[str], path: Path) -> list[str]:
    repeated = sorted(name for name, times in Counter(names).items() if times > 1)
    if repeated:
        columns = ", ".join(map(repr, repeated))
        raise UserError(f"{path}: column {columns} appears twice in the header; rename one.")
    return names


def _data_rows(
    part: pa.Table, first: bool, path: Path, reading: Reading, notes: list[str]
) -> pa.Table:
    """Leave out rows that repeat the header and, in the `first` part, a row of units."""
    same = np.ones(part.num_rows, bool)
    for name in part.column_names:
        if not pa.types.is_string(part.schema.field(name).type):
            same[:] = False  # a repeated header would have made it a text column
        if not same.any():
            break
        same &= pc.fill_null(pc.equal(part[name], name), False).to_numpy()
    if part.num_columns and same.any():
        refuse(path, reading, notes, [f"{int(same.sum())} rows that repeat the header"])
        part = part.filter(pa.array(~same))
    is_table = first and not reading.free_text
    if is_table and part.num_rows > MIN_NUMBERS and (units := _units(part, reading)):
        cells = ", ".join(f"{text!r} in {name!r}" for name, text in units.items())
        refuse(path, reading, notes, [f"row 1 is not numeric where all others are: {cells}"])
        part = part.slice(1)
    return part


def _units(part: pa.Table, reading: Reading) -> dict[str, str]:
    """Return the cells of the first row in otherwise numeric columns, by column."""
    found = {}
    for name in part.column_names:
        cells = part[name].combine_chunks()
        text = cells[0].as_py() if pa.types.is_string(cells.type) else None
        if text is None or text in ("", *reading.missing):
            continue
        if not pc.match_substring_regex(cells[:1], NUMBER)[0].as_py():
            rest = cells[1:].filter(pc.not_equal(cells[1:], ""))
            if len(rest) > MIN_NUMBERS and pc.all(pc.match_substring_regex(rest, NUMBER)).as_py():
                found[name] = text
    return found


def _without_index(data: pa.Table, path: Path, notes: list[str]) -> pa.Table:
    """Leave out an unnamed column of row numbers, such as the index of pandas."""
    for name in ("", "Unnamed: 0", "__index_level_0__"):
        if name not in data.column_names:
            continue
        texts = data[name].cast(pa.string()).combine_chunks()
        rows = np.arange(data.num_rows)
        counts = any(texts.equals(pa.array(rows + start).cast(pa.string())) for start in (0, 1))
        if counts or not pc.any(pc.greater(pc.utf8_length(texts), 0)).as_py():
            notes.append(f"column {name!r} of {path} is left out: it is a row index or empty.")
            data = data.drop_columns(name)
        elif not name:
            raise UserError(f"{path}: a column has no name in the header: name it, or delete it.")
    return data


def _parquet(path: Path, reading: Reading, notes: list[str]) -> Iterator[pa.Table]:
    with pq.ParquetFile(path, pre_buffer=False) as file:  # else all batches read stay in memory
        empty = file.schema_arrow.empty_table()
        yield empty.replace_schema_metadata()
        for batch in file.iter_batches(ROWS):
            yield pa.Table.from_batches([batch]).replace_schema_metadata()


def _excel(path: Path, reading: Reading, notes: list[str]) -> Iterator[pa.Table]:
    """Yield a table without rows, then all rows of the sheet."""
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
    texts = [[str(cell).strip() for cell in line] for line in lines[: MAX_LEADING + 1]]
    start = header_row(texts)
    note_leading_lines(path, [" ".join(filter(None, cells)) for cells in texts[:start]], notes)
    names, rows = texts[start], lines[start + 1 :]
    if not rows and others:
        raise UserError(
            f"{path}: sheet {sheet!r} holds no rows; read another, --data.sheet NAME: {others}."
        )
    columns = [_typed(list(cells)) for cells in zip(*rows, strict=True)]
    data = pa.table(columns or [pa.array([], pa.string()) for _ in names], names=names)
    yield data.slice(0, 0)
    yield data


def _typed(cells: list[Any]) -> pa.Array:
    """Return typed cells, or texts for a column of several types; "" is an empty cell."""
    filled = [cell for cell in cells if cell != ""]
    kinds = {type(cell) for cell in filled}
    if len(kinds) == 1 and not isinstance(filled[0], str):
        return pa.array([None if cell == "" else cell for cell in cells])
    texts = [str(int(c)) if isinstance(c, float) and c.is_integer() else str(c) for c in cells]
    return pa.array(texts, pa.string())


READERS: dict[str, Callable[[Path, Reading, list[str]], Iterator[pa.Table]]] = {
    ".csv": delimited.read,
    ".json": json_rows.read,
    ".parquet": _parquet,
    ".xlsx": _excel,
}
SUFFIXES = {
    **dict.fromkeys((".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".csv.zip"), ".csv"),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), ".json"),
    **dict.fromkeys((".json.gz", ".jsonl.gz", ".ndjson.gz"), ".json"),
    ".parquet": ".parquet",
    ".xlsx": ".xlsx",
    **dict.fromkeys((".zip", ".gz"), ".csv"),
}
