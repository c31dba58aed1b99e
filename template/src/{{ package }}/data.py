"""Load -> validate -> split -> manifest. Nothing is ever fitted on validation or test rows."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from .config import Config
from .runs import UserError
from .tables.cells import Column
from .tables.rows import collect
from .tables.schema import Schema, readable
from .tables.split import Rows, assign
from .tables.validate import record


@dataclass(frozen=True)
class Split:
    """Rows of one split.

    inputs   canonical table, see schema.py and rows.py
    targets  (rows,) int64 label codes, or float32 values
    ids      (rows,) uint64, the hash of a row's inputs
    groups   (rows,) uint64: rows of one group stay together; without them, rows of one id do
    """

    inputs: pd.DataFrame
    targets: np.ndarray
    ids: np.ndarray
    groups: np.ndarray | None = None


@dataclass(frozen=True)
class Splits:
    """What development may see: training and validation rows, and the schema."""

    train: Split
    val: Split
    schema: Schema
    manifest: dict[str, Any]

    def joined(self) -> Split:
        """Return training and validation rows as one."""
        first, second = self.train, self.val
        return Split(
            pd.concat([first.inputs, second.inputs]),
            np.concatenate([first.targets, second.targets]),
            np.concatenate([first.ids, second.ids]),
            _both(first.groups, second.groups),
        )


def load(config: Config) -> Splits:
    """Return training and validation rows; the test rows stay behind `load_test`."""
    return load_all(config)[0]


def load_test(config: Config) -> Split:
    """Return the held-out rows: for evaluate, export and monitor alone."""
    return load_all(config)[1]


def load_all(config: Config) -> tuple[Splits, Split]:
    """Return both from one reading, for those that may see the held-out rows."""
    parts, schema, manifest = _load(config)
    return Splits(parts["train"], parts["val"], schema, manifest), parts["test"]


def slices(inputs: pd.DataFrame, schema: Schema) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield (column, value, mask of rows): frequent categories, quarters of numbers, gaps."""
    for column in [*schema.described, *schema.sources]:
        groups = _groups(inputs[column.name], column)
        for value in sorted(groups.unique()):
            yield column.name, value or "(missing)", (groups == value).to_numpy()


def _groups(values: pd.Series, column: Column) -> pd.Series:
    if column.kind == "category":
        texts = values.astype("str")
        return texts.where(texts.isin(texts.value_counts().index[:20]), "(other)")
    edges = np.unique(np.nanquantile(values, [0, 0.25, 0.5, 0.75, 1]))
    names = [readable(edge, column) for edge in edges]
    quarters = [f"{low} to {high}" for low, high in pairwise(names)] or names
    places = np.digitize(values, edges[1:-1])
    texts = pd.Series(np.array(quarters)[places], index=values.index)
    return texts.where(values.notna(), "")


def _load(config: Config) -> tuple[dict[str, Split], Schema, dict[str, Any]]:
    rows = collect(config)
    split = assign(rows, config)
    parts = {part: _part(rows, split == part) for part in ("train", "val", "test")}
    names = [column.name for column in rows.schema.columns]
    if empty := [name for name in names if parts["train"].inputs[name].isna().all()]:
        raise UserError(f"no training row holds a value for {empty}: add it to data.drop.")
    manifest = rows.facts | {
        "twins_dropped": int((split == "").sum()),
        "splits": {part: len(split.ids) for part, split in parts.items()},
        "split_sha256": _digest(*(np.sort(split.ids) for split in parts.values())),
        "targets_sha256": _digest(rows.targets[np.lexsort((rows.targets, rows.ids))]),
    }
    record(rows, config)
    return parts, rows.schema, manifest


def _part(rows: Rows, kept: np.ndarray) -> Split:
    return Split(rows.inputs[kept], rows.targets[kept], rows.ids[kept], rows.kin[kept])


def _both(first: np.ndarray | None, second: np.ndarray | None) -> np.ndarray | None:
    return None if first is None or second is None else np.concatenate([first, second])


def _digest(*arrays: np.ndarray) -> str:
    """Name a split by its row ids, or its targets: sorted, whatever their order in the file."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.tobytes() + b"|")
    return digest.hexdigest()
