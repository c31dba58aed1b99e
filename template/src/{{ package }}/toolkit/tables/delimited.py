"""Delimited text: encoding, delimiter and header are told from the file, and all cells are text.

Rows that are damaged are named, and refused or left out.
"""

import codecs
import csv
import gzip
import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from ..runs import UserError
from . import header

BLOCK = 1 << 20  # bytes of text that are parsed at once; a row that is larger takes 8 times more
LARGEST = 1 << 26  # bytes; a row that is larger is a mistake
ROWS = 65_536  # of a batch that Python reads
SAMPLE = 1 << 16  # bytes from which delimiter and header are told
SHOWN = 3  # damaged rows that a message quotes
END = "\0"  # a last line of its own, unless a cell is open there; no text file has one
SHORT = 20  # characters of a cell that a message quotes

csv.field_size_limit(LARGEST)  # of a cell; Python's own is 128 KiB


class Reading(NamedTuple):
    """How a file is read: what becomes of damaged rows, and which sheet of a workbook is meant.

    `missing` are texts that mean a missing cell.
    """

    bad_rows: Literal["refuse", "skip"] = "refuse"
    sheet: str | None = None
    missing: Sequence[str] = ()

    @staticmethod
    def of(settings: Any) -> "Reading":
        """Return what the `data` section says of it; some kinds of input have no such settings."""
        known = {name: getattr(settings, name, None) for name in Reading._fields}
        return Reading(**{name: value for name, value in known.items() if value is not None})


def opened(path: Path) -> IO[bytes] | gzip.GzipFile:
    """Open a file, or what a .gz or .zip of one file holds; ValueError if it holds others."""
    if path.suffix.lower() == ".gz":
        return gzip.open(path)
    if path.suffix.lower() != ".zip":
        return path.open("rb")
    archive = zipfile.ZipFile(path)
    inside = [name for name in archive.namelist() if not name.startswith("__MACOSX/")]
    files = [name for name in inside if not name.endswith("/")]
    if len(files) != 1:
        raise ValueError(f"it must hold one file, and holds {files[:5]}")
    return archive.open(files[0])


def refuse(path: Path, reading: Reading, notes: list[str], found: list[str]) -> None:
    """Raise UserError for damaged rows, or note that they are left out."""
    shown = "; ".join(found[:SHOWN]) + "; …" * (len(found) > SHOWN)
    if reading.bad_rows == "refuse":
        raise UserError(
            f"{path}: {shown}. Fix the file, or leave such rows out: --data.bad_rows skip."
        )
    notes.append(f"left out of {path}: {shown}.")


def left_out(path: Path, leading: list[str], notes: list[str]) -> None:
    """Note that lines before the header are left out."""
    if leading:
        shown = ", ".join(repr(line[:60]) for line in leading[:SHOWN])
        notes.append(f"{path}: {len(leading)} lines before the header are left out: {shown}.")


class _Layout(NamedTuple):
    """What the whole of a text file, and its start, say about how it is written."""

    encoding: str
    delimiter: str
    names: list[str]
    skip: int  # lines up to and with the header
    leading: list[str]  # lines before it
    ended: bool  # whether the last line has an end


def read(path: Path, reading: Reading, notes: list[str]) -> Iterator[pa.Table]:
    """Yield the rows in order, at first a table without rows."""
    layout = _layout(path)
    left_out(path, layout.leading, notes)
    found: list[str] = []
    rows, last = 0, None
    for batch in _parsed(path, layout, found):
        if last is not None:
            yield last
        rows, last = rows + batch.num_rows, batch
        if found and reading.bad_rows == "refuse":
            break
    if last is not None and _ends_in_lines(last):
        for _ in _records(path, layout, []):  # to the end, where it raises what is open there
            pass
    if last is not None and not layout.ended and _is_cut(last):
        found.append(f"row {rows}, the last, is cut off")
        last = last.slice(0, last.num_rows - 1)
    yield last
    if found:
        more = [f"{len(found):,} rows in all"] * (len(found) > SHOWN)
        refuse(path, reading, notes, [*more, *found])


def _parsed(path: Path, layout: _Layout, found: list[str]) -> Iterator[pa.Table]:
    """Yield the rows, at first none; `found` gains a sentence for each that has too many cells.

    Arrow parses all up to the first such row, Python what follows: Arrow could call back for each,
    but now and then its threads do so while Python ends, which then aborts (apache/arrow #34314).
    """
    schema = pa.schema([(name, pa.string()) for name in layout.names])
    schema = schema.with_metadata({"delimiter": layout.delimiter})
    yield schema.empty_table()
    rows, block = 0, BLOCK
    while block:
        try:
            for batch in _after(rows, _blocks(path, layout, block)):
                rows += batch.num_rows
                yield pa.table(batch.columns, schema=schema)
            return
        except pa.ArrowInvalid as error:
            if "CSV parse error" in str(error):
                break
            if "straddling" not in str(error):
                raise
            block *= 8
            if block > LARGEST:
                size = f"a row has more than {LARGEST >> 20} MB"
                raise ValueError(f"{size}: is a quotation mark missing, or one too many?") from None
    records = islice(_records(path, layout, found), rows, None)
    while some := list(islice(records, ROWS)):
        columns = [pa.array(cells, pa.string()) for cells in zip(*some, strict=True)]
        yield pa.table(columns, schema=schema)


def _records(path: Path, layout: _Layout, found: list[str]) -> Iterator[list[str]]:
    """Yield the rows that have as many cells as the header; `found` gains a sentence for others.

    UserError if the last cell of all is open: who leaves such a row out loses all lines in it.
    """
    encoding = layout.encoding.replace("utf8", "utf-8-sig")
    with opened(path) as file, io.TextIOWrapper(file, encoding, newline="") as text:  # type: ignore
        for _ in range(layout.skip):
            text.readline()
        filled = filter(None, csv.reader(chain(text, [END]), delimiter=layout.delimiter))
        for number, cells in enumerate(filled, start=1):
            if cells == [END]:
                return
            if cells[-1].endswith(END):
                raise UserError(f"{path}: {_open(number, cells, layout)}")
            if len(cells) == len(layout.names):
                yield cells
            else:
                found.append(_misfit(number, cells, layout))


def _misfit(number: int, cells: list[str], layout: _Layout) -> str:
    """Say that a row has too few or too many cells, and how many lines are gone with it."""
    joined = layout.delimiter.join(cells)
    more = joined.count("\n") or joined.count("\r")
    lines = f" in {more + 1:,} lines, for a quotation mark opens in it" * bool(more)
    shown = " ".join(joined.split())[:60]
    return f"row {number} has {len(cells)} cells and not {len(layout.names)}{lines}: {shown!r}"


def _open(number: int, cells: list[str], layout: _Layout) -> str:
    """Say where a cell begins that takes the rest of the file, and what to do."""
    text = cells[-1].removesuffix(END)
    lines = max(1, text.count("\n") or text.count("\r"))
    start = " ".join(text.split())[:SHORT]
    return (
        f"row {number}: a quotation mark opens before {start!r} in cell {len(cells)} and is never "
        f"closed, so the cell takes the {lines:,} lines to the end of the file. Close or delete it."
    )


def _ends_in_lines(last: pa.Table) -> bool:
    """Return whether the last cell of all has line ends, as one that is never closed would."""
    if not last.num_rows or not last.num_columns:
        return False
    return not {*last.column(last.num_columns - 1)[-1].as_py()}.isdisjoint("\r\n")


def _after(rows: int, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield what comes after the first rows."""
    for batch in batches:
        before = min(rows, batch.num_rows)
        rows -= before
        if before < batch.num_rows or not before:
            yield batch.slice(before)


def _blocks(path: Path, layout: _Layout, block: int) -> Iterator[pa.RecordBatch]:
    # One thread is as fast here, and its errors name the row.
    options = pa_csv.ReadOptions(
        block_size=block,
        use_threads=False,
        encoding=layout.encoding,
        skip_rows=layout.skip,
        column_names=[str(place) for place in range(len(layout.names))],
    )
    parsing = pa_csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True)
    converting = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(options.column_names, pa.string()), strings_can_be_null=False
    )
    with _source(path) as source, _damage(layout):
        yield from pa_csv.open_csv(source, options, parsing, converting)


def _source(path: Path) -> pa.NativeFile:
    """Open a file for Arrow, whose threads had better not call Python."""
    if path.suffix.lower() == ".gz":
        return pa.CompressedInputStream(pa.OSFile(str(path)), "gzip")
    if path.suffix.lower() == ".zip":
        return pa.PythonFile(opened(path), mode="r")
    return pa.OSFile(str(path))


def _is_cut(last: pa.Table) -> bool:
    """Return whether the last cell of all is empty, as none above it is."""
    if last.num_rows < 2 or last.num_columns < 2:
        return False
    empty = pc.equal(last.column(last.num_columns - 1), "").to_numpy()
    return bool(empty[-1] and not empty[:-1].any())


@contextmanager
def _damage(layout: _Layout) -> Iterator[None]:
    """Name the column and row of a byte that is no text, as ValueError; no rows are no error."""
    try:
        yield
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return
        if "invalid UTF8" not in str(error):
            raise
        place, row = (str(error).split(f"{word} #")[1].split(":")[0] for word in ("column", "Row"))
        raise ValueError(
            f"column {layout.names[int(place)]!r}, row {int(row) - layout.skip}: a byte that is no "
            "UTF-8, as the rest of the file is"
        ) from None


def _layout(path: Path) -> _Layout:
    with opened(path) as file:
        start = file.read(SAMPLE)
        while start.count(b"\n") + start.count(b"\r") < 2 and (more := file.read(len(start))):
            start += more  # a header of many names
        file.seek(0)
        utf16 = start[:2] in (b"\xff\xfe", b"\xfe\xff")
        good, damaged, ended = (1, 0, True) if utf16 else _characters(file)
    # More characters beyond ASCII than bytes that are none: the text is UTF-8, and damaged.
    utf8 = not damaged or good > damaged
    encoding = "utf-16" if utf16 else "utf-8-sig" if utf8 else "cp1252"
    text = start.decode(encoding, errors="ignore")
    delimiter, leading, names, lines = header.find(text, whole=len(start) < SAMPLE)
    skip = len(leading) + lines
    plain = encoding.replace("utf-8-sig", "utf8")  # Arrow skips a byte order mark anyway
    return _Layout(plain, delimiter, names, skip, leading, ended)


def _characters(file: IO[bytes] | gzip.GzipFile) -> tuple[int, int, bool]:
    """Count the characters beyond ASCII and the bytes that are no UTF-8; say if a line end ends it.

    Of the whole file: its only accent, or a NUL, may be in the last row.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good, damaged, ended = 0, 0, True
    while block := file.read(BLOCK):
        if b"\0" in block:
            raise ValueError("it holds NUL bytes, so it is not a text file")
        ended = block[-1:] in (b"\n", b"\r")
        if block.isascii() and not decoder.getstate()[0]:
            continue
        text = decoder.decode(block)
        bad = text.count("\ufffd")
        damaged += bad
        good += sum(char > "\x7f" for char in text) - bad
    damaged += decoder.decode(b"", final=True).count("\ufffd")
    return good, damaged, ended
