"""The pictures of a folder, .zip or table in chunks; a row names each, a table keeps its own."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from ..config import BaseConfig
from ..images.files import listed, located
from ..tables.files import check_names


def read(path: Path, config: BaseConfig, size: int) -> Iterator[pa.Table]:
    """Yield tables of `size` rows, the last shorter; `data.image` is the path from here."""
    table = _table(path, config)
    for start in range(0, table.num_rows, size):
        yield table.slice(start, size)


def digest(path: Path, config: BaseConfig) -> str:
    """Return what tells these pictures from any others: names, sizes and times of their files."""
    files = [Path(file) for file in _table(path, config)[config.data.image].to_pylist()]
    facts = [(file, file.stat()) if file.is_file() else (file, None) for file in files]
    lines = [f"{file} {stat and (stat.st_size, stat.st_mtime_ns)}" for file, stat in facts]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def count(path: Path, config: BaseConfig) -> int | None:
    """Return how many rows there are."""
    return _table(path, config).num_rows


def _table(path: Path, config: BaseConfig) -> pa.Table:
    frame, image = listed(path, config.paths.processed, config.data), config.data.image
    check_names(frame.columns, [("image", image)], path)
    if path.is_dir() or path.suffix.lower() == ".zip":
        frame = frame[[image]]  # its folders may be no labels
    files = [located(str(name), path) for name in frame[image].fillna("")]
    found = pa.Table.from_pandas(frame.astype("str"), preserve_index=False)
    return found.set_column(found.column_names.index(image), image, pa.array(files))
