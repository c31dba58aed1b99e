"""Delimited text: encoding, delimiter and header are detected, and all cells are text.

Malformed rows are reported, and refused or left out.
"""

import codecs
import csv
import gzip
import io
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from ..runs import UserError
from . import header

BLOCK = 1 << 20  # bytes of text parsed at once; for a larger row, the block grows eightfold
MAX_ROW_BYTES = 1 << 26  # a larger row is an error in the file
ROWS = 65_536  # per batch read by Python
SAMPLE = 1 << 16  # bytes from which delimiter and header are detected
MIN_COMPLETE = 0.9  # share of the lines with stray quotation marks that are rows
MAX_QUOTED = 3  # malformed rows quoted in a message
END = "\0"  # appended as a line of its own, unless a cell is still open; no text file has one
MAX_CHARS = 20  # of a cell quoted in a message

csv.field_size_limit(MAX_ROW_BYTES)  # Python's default is 128 KiB


class Reading(NamedTuple):
    """How to read a file: what to do with malformed rows, and which sheet of a workbook to take.

    `missing` are texts that mean a missing value. In `free_text`, no row of units or of totals is
    looked for. `wrappers` are further names for the one array in an object, each with keys of
    objects that are not rows.
    """

    bad_rows: Literal["refuse", "skip"] = "refuse"
    sheet: str | None = None
    missing: Sequence[str] = ()
    free_text: bool = False
    wrappers: Mapping[str, Collection[str]] = MappingProxyType({})

    @staticmethod
    def of(settings: Any) -> "Reading":
        """Return the options in the `data` section; some kinds of input have no such settings."""
        known = {name: getattr(settings, name, None) for name in Reading._fields}
        return Reading(**{name: value for name, value in known.items() if value is not None})


def open_binary(path: Path) -> IO[bytes] | gzip.GzipFile:
    """Open a file, or the one file in a .gz or .zip; UserError if a .zip contains several."""
    if path.suffix.lower() == ".gz":
        return gzip.open(path)
    if path.suffix.lower() != ".zip":
        return path.open("rb")
    archive = zipfile.ZipFile(path)
    inside = [name for name in archive.namelist() if not name.startswith("__MACOSX/")]
    files = [name for name in inside if not name.endswith("/")]
    if len(files) != 1:
        raise UserError(f"{path}: must contain one file, not {len(files)}: pack the one to read.")
    return archive.open(files[0])


def refuse(path: Path, reading: Reading, notes: list[str], found: list[str]) -> None:
    """Raise UserError for malformed rows, or note that they are left out."""
    rows = "; ".join(found[:MAX_QUOTED]) + "; …" * (len(found) > MAX_QUOTED)
    if reading.bad_rows == "refuse":
        raise UserError(
            f"{path}: {rows}. Fix the file, or leave such rows out: --data.bad_rows skip."
        )
    notes.append(f"left out of {path}: {rows}.")


def note_leading_lines(path: Path, leading: list[str], notes: list[str]) -> None:
    """Note that lines before the header are left out."""
    if leading:
        quoted = ", ".join(repr(line[:60]) for line in leading[:MAX_QUOTED])
        notes.append(f"{path}: {len(leading)} lines before the header are left out: {quoted}.")


class Unquoted(csv.excel):
    """Delimited text in which quotation marks enclose no cells."""

    quoting = csv.QUOTE_NONE


class _Layout(NamedTuple):
    """The format of a text file, detected from all of its bytes and from its start."""

    encoding: str
    delimiter: str
    names: list[str]
    skip: int  # lines up to and including the header
    leading: list[str]  # lines before the header
    ended: bool  # whether the last line is terminated
    quoted: bool  # whether cells may be in quotation marks, which are ordinary characters if not


def read(path: Path, reading: Reading, notes: list[str]) -> Iterator[pa.Table]:
    """Yield the rows in order, first a table without rows."""
    layout = _layout(path)
    note_leading_lines(path, layout.leading, notes)
    if not layout.quoted:
        notes.append(f"{path}: its quotation marks are read as characters: they enclose no cells.")
    found: list[str] = []
    rows, last = 0, None
    for batch in _parsed(path, layout, found):
        if last is not None:
            yield last
        rows, last = rows + batch.num_rows, batch
        if found and reading.bad_rows == "refuse":
            break
    if last is not None and _ends_in_lines(last):
        for _ in _records(path, layout, []):  # raises if a cell is still open at the end
            pass
    if last is not None and not layout.ended and _is_truncated(last):
        found.append(f"row {rows}, the last, is truncated")
        last = last.slice(0, last.num_rows - 1)
    yield last
    if found:
        more = [f"{len(found):,} rows in all"] * (len(found) > MAX_QUOTED)
        refuse(path, reading, notes, [*more, *found])


def _parsed(path: Path, layout: _Layout, found: list[str]) -> Iterator[pa.Table]:
    """Yield the rows, first none; `found` gains a sentence for each row with too many cells.

    Arrow parses the rows before the first such row, Python the others: Arrow could call back for
    each, but its threads may do so while Python exits, which then aborts (apache/arrow #34314).
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
            if block > MAX_ROW_BYTES:
                size = f"a row has more than {MAX_ROW_BYTES >> 20} MB"
                raise ValueError(f"{size}: is there an unmatched quotation mark?") from None
    records = islice(_records(path, layout, found), rows, None)
    while chunk := list(islice(records, ROWS)):
        columns = [pa.array(cells, pa.string()) for cells in zip(*chunk, strict=True)]
        yield pa.table(columns, schema=schema)


def _records(path: Path, layout: _Layout, found: list[str]) -> Iterator[list[str]]:
    """Yield the rows that have as many cells as the header; `found` gains a sentence for others.

    UserError if the last cell is never closed: skipping its row would lose all lines in it.
    """
    with _text(path, layout, "strict") as text:
        style = "excel" if layout.quoted else Unquoted
        lines = csv.reader(chain(text, [END]), style, delimiter=layout.delimiter)
        filled = filter(None, lines)
        for number, cells in enumerate(filled, start=1):
            if cells == [END]:
                return
            if cells[-1].endswith(END):
                raise UserError(f"{path}: {_unclosed(number, cells)}")
            if len(cells) == len(layout.names):
                yield cells
            else:
                found.append(_misfit(number, cells, layout))


def _misfit(number: int, cells: list[str], layout: _Layout) -> str:
    """Report a row with too few or too many cells, and how many lines it spans."""
    joined = layout.delimiter.join(cells)
    more = joined.count("\n") or joined.count("\r")
    lines = f" and spans {more + 1:,} lines after a quotation mark" * bool(more)
    start = " ".join(joined.split())[:60]
    return f"row {number} has {len(cells)} cells instead of {len(layout.names)}{lines}: {start!r}"


def _unclosed(number: int, cells: list[str]) -> str:
    """Report where a cell begins that spans the rest of the file, and how to fix it."""
    text = cells[-1].removesuffix(END)
    lines = max(1, text.count("\n") or text.count("\r"))
    start = " ".join(text.split())[:MAX_CHARS]
    return (
        f"row {number}: a quotation mark opens before {start!r} in cell {len(cells)} and is never "
        f"closed, so the cell spans the {lines:,} lines to the end of the file. Close or delete it."
    )


def _ends_in_lines(last: pa.Table) -> bool:
    """Return whether the last cell of the file has line breaks, as an unclosed one would."""
    if not last.num_rows or not last.num_columns:
        return False
    return not {*last.column(last.num_columns - 1)[-1].as_py()}.isdisjoint("\r\n")


def _after(rows: int, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the batches without the first rows."""
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
    parsing = pa_csv.ParseOptions(
        delimiter=layout.delimiter,
        quote_char='"' if layout.quoted else False,
        newlines_in_values=layout.quoted,
    )
    converting = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(options.column_names, pa.string()), strings_can_be_null=False
    )
    with _source(path) as source, _decoding_errors(layout):
        yield from pa_csv.open_csv(source, options, parsing, converting)


def _source(path: Path) -> pa.NativeFile:
    """Open a file for Arrow, whose threads should not call Python."""
    if path.suffix.lower() == ".gz":
        return pa.CompressedInputStream(pa.OSFile(str(path)), "gzip")
    if path.suffix.lower() == ".zip":
        return pa.PythonFile(open_binary(path), mode="r")
    return pa.OSFile(str(path))


def _is_truncated(last: pa.Table) -> bool:
    """Return whether the last cell of the file is empty while none above it is."""
    if last.num_rows < 2 or last.num_columns < 2:
        return False
    empty = pc.equal(last.column(last.num_columns - 1), "").to_numpy()
    return bool(empty[-1] and not empty[:-1].any())


@contextmanager
def _decoding_errors(layout: _Layout) -> Iterator[None]:
    """Raise ValueError with column and row of an invalid byte; an empty file is no error."""
    try:
        yield
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return
        if "invalid UTF8" not in str(error):
            raise
        place, row = (str(error).split(f"{word} #")[1].split(":")[0] for word in ("column", "Row"))
        raise ValueError(
            f"column {layout.names[int(place)]!r}, row {int(row) - layout.skip}: a byte is not "
            "valid UTF-8, unlike the rest of the file"
        ) from None


def _layout(path: Path) -> _Layout:
    with open_binary(path) as file:
        start = file.read(SAMPLE)
        while start.count(b"\n") + start.count(b"\r") < 2 and (more := file.read(len(start))):
            start += more  # a long header
        file.seek(0)
        utf16 = start[:2] in (b"\xff\xfe", b"\xfe\xff")
        valid, invalid, ended = (1, 0, True) if utf16 else _characters(file)
    # More valid characters beyond ASCII than invalid bytes: the text is damaged UTF-8.
    utf8 = not invalid or valid > invalid
    encoding = "utf-16" if utf16 else "utf-8-sig" if utf8 else "cp1252"
    text = start.decode(encoding, errors="ignore")
    delimiter, leading, names, lines = header.find(text, complete=len(start) < SAMPLE)
    skip = len(leading) + lines
    plain = encoding.replace("utf-8-sig", "utf8")  # Arrow skips a byte order mark anyway
    layout = _Layout(plain, delimiter, names, skip, leading, ended, quoted=True)
    return layout._replace(quoted=not _has_stray_quotes(path, layout))


def _has_stray_quotes(path: Path, layout: _Layout) -> bool:
    """Return whether quotation marks enclose no cells, as in files that were written without them.

    Then lines with some are complete rows, in several of them a mark is not closed or is followed
    by more text, and as a file with quoted cells it would be invalid.
    """
    delimiter, marked, complete, stray = layout.delimiter, 0, 0, 0
    followed = re.compile(f'(?:^|{re.escape(delimiter)})"(?:[^"]|"")*"[^"{delimiter}\\r\\n]')
    with _text(path, layout) as text:
        for line in filter(lambda line: '"' in line, text):
            marked += 1
            complete += line.count(delimiter) == len(layout.names) - 1
            stray += line.count('"') % 2 == 1 or followed.search(line) is not None
    fits = len(layout.names) > 1 and complete >= MIN_COMPLETE * marked
    return fits and stray > 1 and not _is_well_quoted(path, layout)


def _is_well_quoted(path: Path, layout: _Layout) -> bool:
    with _text(path, layout) as text:
        try:
            for _ in csv.reader(text, delimiter=layout.delimiter, strict=True):
                pass
        except csv.Error:
            return False
    return True


@contextmanager
def _text(path: Path, layout: _Layout, errors: str = "replace") -> Iterator[io.TextIOWrapper]:
    """Open a file after its header."""
    encoding = layout.encoding.replace("utf8", "utf-8-sig")
    with open_binary(path) as file, io.TextIOWrapper(file, encoding, errors, "") as text:  # type: ignore
        for _ in range(layout.skip):
            text.readline()
        yield text


def _characters(file: IO[bytes] | gzip.GzipFile) -> tuple[int, int, bool]:
    """Return the counts of valid characters beyond ASCII and of invalid bytes, and `ended`.

    The whole file is read: its only accent, or a NUL, may be in the last row.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    valid, invalid, ended = 0, 0, True
    while block := file.read(BLOCK):
        if b"\0" in block:
            raise ValueError("it contains NUL bytes, so it is not a text file")
        ended = block[-1:] in (b"\n", b"\r")
        if block.isascii() and not decoder.getstate()[0]:
            continue
        text = decoder.decode(block)
        bad = text.count("\ufffd")
        invalid += bad
        valid += sum(char > "\x7f" for char in text) - bad
    invalid += decoder.decode(b"", final=True).count("\ufffd")
    return valid, invalid, ended
