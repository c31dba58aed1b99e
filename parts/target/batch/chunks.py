"""Read a file of any size in chunks of equal length: delimited text, JSON lines or Parquet.

Cells of delimited text and of JSON lines stay text, so that chunks can't disagree about a type.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from ..config import Config
from ..runs import UserError, sha256
from ..tables.table import sniff

BLOCK = 1 << 20  # bytes of text parsed at once; up to 32 of them are read ahead


def read(path: Path, config: Config) -> Iterator[pa.Table]:
    """Yield tables of predict.chunk rows, the last shorter; UserError if the file is damaged."""
    rows = config.predict.chunk
    if (suffix := path.suffix.lower()) not in READERS:
        raise UserError(f"{path}: unknown kind of file; it must end in {', '.join(READERS)}.")
    with _readable(path):
        yield from _equal(READERS[suffix](path, rows), rows)


def digest(path: Path, config: Config) -> str:
    """Return what tells this input from any other."""
    with _readable(path):
        return sha256(path)


def count(path: Path, config: Config) -> int | None:
    """Return about how many rows there are, or None if only reading them would tell."""
    with _readable(path):
        if path.suffix.lower() == ".parquet":
            return int(pq.read_metadata(path).num_rows)
        if path.suffix.lower() == ".gz":
            return None
        with path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError, EOFError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: can't be read ({reason}); is it complete?") from None


def _equal(batches: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    table = None
    for batch in batches:
        table = batch if table is None else pa.concat_tables([table, batch])
        while table.num_rows > rows:
            yield table.slice(0, rows)
            table = table.slice(rows)
    yield table


def _text(path: Path, _: int) -> Iterator[pa.Table]:
    encoding, delimiter, names = sniff(path)
    encoding = encoding.removesuffix("-sig")  # a byte order mark is skipped anyway
    # One thread is as fast here, and its errors name the row.
    reading = csv.ReadOptions(block_size=BLOCK, encoding=encoding, use_threads=False)
    parsing = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    types = dict.fromkeys(names, pa.string())
    converting = csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True)
    with pa.input_stream(path, compression="detect") as file:
        reader = csv.open_csv(file, reading, parsing, converting)
        yield reader.schema.empty_table()
        yield from (pa.Table.from_batches([batch]) for batch in reader)


def _json_lines(path: Path, rows: int) -> Iterator[pa.Table]:
    names = list(dict.fromkeys(name for record in _records(path) for name in record))
    schema = pa.schema([(name, pa.string()) for name in names])
    yield schema.empty_table()
    records = _records(path)
    while some := list(islice(records, rows)):
        columns = [[_cell(record.get(name)) for record in some] for name in names]
        yield pa.table([pa.array(cells, pa.string()) for cells in columns], schema=schema)


def _records(path: Path) -> Iterator[dict[str, object]]:
    with path.open("rb") as file:
        for number, line in ((n, text) for n, text in enumerate(file, start=1) if text.strip()):
            try:
                record = json.loads(line)
                record.keys()
            except (ValueError, AttributeError):
                raise UserError(f"{path}: line {number} is not a JSON object; mend it.") from None
            yield record


def _cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value) if isinstance(value, bool) else json.dumps(value)


def _parquet(path: Path, rows: int) -> Iterator[pa.Table]:
    with pq.ParquetFile(path, pre_buffer=False) as file:  # else all that was read stays in memory
        yield file.schema_arrow.empty_table()
        yield from (pa.Table.from_batches([batch]) for batch in file.iter_batches(rows))


READERS: dict[str, Callable[[Path, int], Iterator[pa.Table]]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt", ".gz"), _text),
    **dict.fromkeys((".jsonl", ".ndjson"), _json_lines),
    ".parquet": _parquet,
}
