"""Fixed splits: a row stays in its split, however the file grows or is sorted."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..runs import UserError, replacing
from .cells import Column
from .schema import Schema, readable

STRATA = 5  # quantile bins of a numeric target


@dataclass(frozen=True)
class Rows:
    """All rows, before they are split.

    inputs   canonical table
    targets  (rows,) int64 label codes, or float32 values
    ids      (rows,) uint64: rows of one id are duplicates
    keys     (rows,) uint64: rows of one key share a split, and keep it for ever
    groups   (rows,) uint64: new keys of one group share a split; often the keys themselves
    times    (rows,) float64, if the past is to be split from the future; facts are for the manifest
    """

    inputs: pd.DataFrame
    targets: np.ndarray
    ids: np.ndarray
    keys: np.ndarray
    groups: np.ndarray
    times: np.ndarray | None
    schema: Schema
    facts: dict[str, Any]


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


def _both(first: np.ndarray | None, second: np.ndarray | None) -> np.ndarray | None:
    return None if first is None or second is None else np.concatenate([first, second])


def assign(rows: Rows, config: BaseConfig) -> np.ndarray:
    """Return (rows,) "train", "val" or "test"; "" for a duplicate of a row in an earlier split."""
    names = _by_key(rows, config) if rows.times is None else _by_time(rows.times, config)
    names = _without_duplicates(rows.ids, names)
    _check(names, rows.targets)
    return names


def _check(names: np.ndarray, targets: np.ndarray) -> None:
    """Small files, few groups and late classes can leave nothing to learn from or to judge by."""
    empty = [name for name in ("train", "val", "test") if not (names == name).any()]
    if empty:
        raise UserError(f"no row falls into {', '.join(empty)}: give more rows, groups or times.")
    if targets.dtype == np.int64:
        late = np.setdiff1d(targets, targets[names == "train"])
        if len(late):
            raise UserError(
                f"data.target: {len(late)} classes have no training row; they come in validation "
                "or test alone: remove them, or split without data.time and data.group."
            )


def _by_time(times: np.ndarray, config: BaseConfig) -> np.ndarray:
    """Train on the past, test on the newest rows."""
    val, test = config.data.val, config.data.test
    first, second = np.quantile(times, [1 - val - test, 1 - test])
    return np.select([times <= first, times <= second], ["train", "val"], "test")


def _by_key(rows: Rows, config: BaseConfig) -> np.ndarray:
    """Split by a hash of the key, stratified by target; known keys stay where they were."""
    path = config.paths.processed / f"split-{_fingerprint(config)}.parquet"
    none = pd.DataFrame({"key": rows.keys[:0], "split": np.empty(0, object)})
    known = pd.read_parquet(path) if path.exists() else none
    fresh = pd.DataFrame({"key": rows.keys, "group": rows.groups, "stratum": strata(rows.targets)})
    fresh = fresh.drop_duplicates("key").merge(known, "left", "key")
    settled = fresh.dropna(subset="split").drop_duplicates("group").set_index("group")["split"]
    fresh = fresh[fresh["split"].isna()]
    if len(fresh):
        unassigned = fresh[~fresh["group"].isin(settled.index)].drop_duplicates("group")
        settled = pd.concat([settled, _draw(unassigned, config, first=known.empty)])
        fresh = fresh.assign(split=fresh["group"].map(settled))
        known = pd.concat([known, fresh[["key", "split"]]], ignore_index=True)
        with replacing(path) as scratch:
            known.to_parquet(scratch, index=False)
    return known.set_index("key")["split"].loc[rows.keys].to_numpy(object)


def _draw(fresh: pd.DataFrame, config: BaseConfig, first: bool) -> pd.Series:
    """Return the split of each group by chance; at first, the same shares in every stratum."""
    seed = np.uint64(config.seed * 0x9E3779B97F4A7C15 % 2**64)  # spreads near seeds apart
    order = pd.Series(pd.util.hash_array(fresh["group"].to_numpy() ^ seed), fresh.index)
    ranked = order.groupby(fresh["stratum"]).rank(method="first", pct=True)
    place = ranked if first else order / 2.0**64  # of few, hardly one would rank as a test row
    ends = config.data.test, config.data.test + config.data.val
    names = np.select([place <= end for end in ends], ["test", "val"], "train")
    return pd.Series(names, fresh["group"])


def _fingerprint(config: BaseConfig) -> str:
    """A split belongs to one file and to the settings that shape it."""
    data = config.data.model_dump(mode="json", include={"path", "target", "group", "val", "test"})
    data |= {"drop": sorted(getattr(config.data, "drop", [])), "seed": config.seed}
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()[:12]


def strata(targets: np.ndarray) -> np.ndarray:
    """Return what splits and folds hold equal shares of: classes, or fifths of the values."""
    numbers = targets.dtype != np.int64 and np.ptp(targets) > 0
    return pd.qcut(targets, STRATA, labels=False, duplicates="drop") if numbers else targets


def _without_duplicates(ids: np.ndarray, names: np.ndarray) -> np.ndarray:
    names = names.astype(object)
    names[(names == "val") & np.isin(ids, ids[names == "train"])] = ""
    names[(names == "test") & np.isin(ids, ids[(names == "train") | (names == "val")])] = ""
    return names


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
