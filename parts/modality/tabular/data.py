"""Load -> validate -> split -> manifest. Nothing is ever fitted on validation or test rows."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from .config import Config
from .runs import UserError, sha256
from .tables.schema import Column, Schema, readable
from .tables.split import assign
from .tables.table import read
from .tables.target import encode
from .tables.validate import enforce


@dataclass(frozen=True)
class Split:
    """Rows of one split.

    inputs   canonical table, see schema.py
    targets  (rows,) int64 label codes, or float32 values
    ids      (rows,) uint64, the hash of a row's inputs
    """

    inputs: pd.DataFrame
    targets: np.ndarray
    ids: np.ndarray


@dataclass(frozen=True)
class Splits:
    """What development may see: training and validation rows, and the schema."""

    train: Split
    val: Split
    schema: Schema
    manifest: dict[str, Any]


def load(config: Config) -> Splits:
    """Return training and validation rows; the test rows stay behind `load_test`."""
    parts, schema, manifest = _load(config)
    return Splits(parts["train"], parts["val"], schema, manifest)


def load_test(config: Config) -> Split:
    """Return the held-out rows: for evaluate, export and monitor alone."""
    return _load(config)[0]["test"]


def slices(inputs: pd.DataFrame, schema: Schema) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield (column, value, mask of rows): frequent categories, quarters of numbers, gaps."""
    for column in schema.columns:
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
    settings = config.data
    raw = read(settings.path, settings.missing)
    _check_names(raw, config)
    columns, table = enforce(raw, settings.path, config.paths.schemas)
    table = table[raw[settings.target].notna()].reset_index(drop=True)
    targets, labels = encode(table[settings.target], config)
    unused = {settings.target, settings.group, *settings.drop}
    inputs = [column for column in columns if column.name not in unused]
    names = [column.name for column in inputs]
    ids = pd.util.hash_pandas_object(table[names], index=False).to_numpy()
    split = assign(ids, targets, table, config)
    parts = {
        part: Split(table.loc[split == part, names], targets[split == part], ids[split == part])
        for part in ("train", "val", "test")
    }
    if empty := [name for name in names if parts["train"].inputs[name].isna().all()]:
        raise UserError(f"no training row holds a value for {empty}: add it to data.drop.")
    manifest = {
        "files": {settings.path.as_posix(): {"sha256": sha256(settings.path), "rows": len(raw)}},
        "columns": [column.model_dump() for column in columns],
        "rows_without_target": len(raw) - len(table),
        "twins_dropped": int((split == "").sum()),
        "splits": {part: len(rows.ids) for part, rows in parts.items()},
        "split_sha256": _digest(parts),
    }
    return parts, Schema(target=settings.target, labels=labels, columns=inputs), manifest


def _check_names(raw: pd.DataFrame, config: Config) -> None:
    settings = config.data
    used = [("target", settings.target), ("group", settings.group), ("time", settings.time)]
    for key, name in [*used, *(("drop", name) for name in settings.drop)]:
        if name is not None and name not in raw:
            near = get_close_matches(name, list(raw), 1, 0)[0]
            raise UserError(f"data.{key}: {settings.path} has no {name!r}; did you mean {near!r}?")


def _digest(parts: dict[str, Split]) -> str:
    """Name the split by its row ids, whatever their order in the file."""
    digest = hashlib.sha256()
    for part in parts.values():
        digest.update(np.sort(part.ids).tobytes() + b"|")
    return digest.hexdigest()
