"""Read a file of any size in chunks of equal length."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from ..config import BaseConfig
from ..runs import say, sha256
from ..tables import files


def read(path: Path, config: BaseConfig, size: int) -> Iterator[pa.Table]:
    """Yield tables of `size` rows, the last one shorter; UserError if the file is damaged."""
    notes: list[str] = []
    yield from _equal(files.batches(path, files.Reading.of(config.data), notes), size)
    for note in notes:
        say("warning", note)


def digest(path: Path, config: BaseConfig) -> str:
    """Return a hash of the input."""
    with files.readable(path):
        return sha256(path)


def count(path: Path, config: BaseConfig) -> int | None:
    """Return an estimate of the number of rows, None if that requires reading them all."""
    return files.count(path)


def _equal(batches: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    table = None
    for batch in batches:
        table = batch if table is None else pa.concat_tables([table, batch])
        while table.num_rows > rows:
            yield table.slice(0, rows)
            table = table.slice(rows)
    yield table
