"""Read the images of a folder, .zip or table in chunks of rows with their paths."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from ..config import BaseConfig
from ..images.files import listed, located
from ..tables.files import check_names


def read(path: Path, config: BaseConfig, size: int) -> Iterator[pa.Table]:
    """Yield tables of `size` rows, the last one shorter; `data.image` has the resolved paths."""
    table = _table(path, config)
    for start in range(0, table.num_rows, size):
        yield table.slice(start, size)


def digest(path: Path, config: BaseConfig) -> str:
    """Return a hash of the input: names, sizes and modification times of its files."""
    files = [Path(file) for file in _table(path, config)[config.data.image].to_pylist()]
    facts = [(file, file.stat()) if file.is_file() else (file, None) for file in files]
    lines = [f"{file} {stat and (stat.st_size, stat.st_mtime_ns)}" for file, stat in facts]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def count(path: Path, config: BaseConfig) -> int | None:
    """Return the number of rows."""
    return _table(path, config).num_rows


def _table(path: Path, config: BaseConfig) -> pa.Table:
    frame, image = listed(path, config.paths.processed, config.data), config.data.image
    check_names(frame.columns, [("image", image)], path)
    if path.is_dir() or path.suffix.lower() == ".zip":
        frame = frame[[image]]  # its folders may not be labels
    files = [located(str(name), path) for name in frame[image].fillna("")]
    table = pa.Table.from_pandas(frame.astype("str"), preserve_index=False)
    return table.set_column(table.column_names.index(image), image, pa.array(files))
