"""Read the images of a folder, .zip or table in chunks of rows with their paths."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ..config import BaseConfig
from ..images import files
from ..images.layouts import listed
from ..runs import say


def read(path: Path, config: BaseConfig, size: int) -> Iterator[pa.Table]:
    """Yield tables of `size` rows, the last one shorter; `data.image` has the resolved paths."""
    notes: list[str] = []
    table = pa.Table.from_pandas(_rows(path, config, notes), preserve_index=False)
    for start in range(0, table.num_rows, size):
        yield table.slice(start, size)
    for note in notes:
        say("warning", note)


def digest(path: Path, config: BaseConfig) -> str:
    """Return a hash of the rows, and of the sizes and modification times of their files."""
    rows = _rows(path, config, [])
    found = [Path(file) for file in rows[config.data.image]]
    facts = [file.stat() if file.is_file() else None for file in found]
    lines = [f"{each and (each.st_size, each.st_mtime_ns)}" for each in facts]
    return hashlib.sha256("\n".join([rows.to_json(), *lines]).encode()).hexdigest()


def count(path: Path, config: BaseConfig) -> int | None:
    """Return the number of rows."""
    return len(_rows(path, config, []))


def _rows(path: Path, config: BaseConfig, notes: list[str]) -> pd.DataFrame:
    found, image = listed(path, config.paths.processed, config.data, notes), config.data.image
    notes += files.notes(found.left_out, path)
    rows = found.rows if found.is_table else found.rows[[image]]  # folders may not be labels
    return rows.astype("str")
