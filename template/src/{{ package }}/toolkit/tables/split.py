"""Stable splits: a row stays in its split when the file grows or is sorted."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..runs import UserError, replacing
from .cells import Column
from .schema import Schema, readable

PARTS = ("train", "val", "test")
STRATA = 5  # quantile bins of a numeric target
MAX_NAMED = 3  # classes in a message


@dataclass(frozen=True)
class Rows:
    """All rows, before they are split.

    inputs   canonical table
    targets  (rows,) int64 label codes, or float32 values
    ids      (rows,) uint64: rows with equal ids are duplicates
    keys     (rows,) uint64: rows with equal keys share a split permanently
    groups   (rows,) uint64: new keys of one group share a split; often the keys themselves
    times    (rows,) float64 for a split by time
    facts    entries of the manifest
    given    (rows,) str, the splits of data that comes with them
    """

    inputs: pd.DataFrame
    targets: np.ndarray
    ids: np.ndarray
    keys: np.ndarray
    groups: np.ndarray
    times: np.ndarray | None
    schema: Schema
    facts: dict[str, Any]
    given: np.ndarray | None = None


@dataclass(frozen=True)
class Split:
    """Rows of one split.

    inputs   canonical table, see schema.py and rows.py
    targets  (rows,) int64 label codes, or float32 values
    ids      (rows,) uint64, the hash of a row's inputs
    groups   (rows,) uint64: rows of one group stay together; None: rows with equal ids do
    """

    inputs: pd.DataFrame
    targets: np.ndarray
    ids: np.ndarray
    groups: np.ndarray | None = None


@dataclass(frozen=True)
class Splits:
    """The data available in development: training and validation rows, and the schema."""

    train: Split
    val: Split
    schema: Schema
    manifest: dict[str, Any]

    def joined(self) -> Split:
        """Return training and validation rows as one split."""
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
    """Return (rows,) "train", "val" or "test"; "" for a duplicate of a row in another split."""
    if rows.given is not None:
        names = _completed(rows, rows.given, config)
    else:
        names = _by_key(rows, config) if rows.times is None else _by_time(rows.times, config)
    names = _without_duplicates(rows.ids, names)
    _check(names, rows)
    return names


def _check(names: np.ndarray, rows: Rows) -> None:
    """Raise UserError for an empty split or a class without training rows."""
    targets, count = rows.targets, len(names)
    if empty := ", ".join(name for name in PARTS if not (names == name).any()):
        sizes = np.unique(rows.groups, return_counts=True)[1]
        largest, reason, way = int(sizes.max()), "", ""
        related = "duplicates, near-duplicates or a group of data.group, which share a split"
        if rows.times is None and 2 * largest > count:
            reason = f" ({largest:,} of {count:,} rows are {related})"
            way = ", or name a column that differs in each row as data.group"
        elif rows.times is None and len(sizes) < count:
            reason = f" ({count:,} rows are in {len(sizes):,} groups: {related})"
        raise UserError(f"no row falls into {empty}{reason}: add more rows, groups or times{way}.")
    if targets.dtype == np.int64:
        unseen = np.setdiff1d(targets, targets[names == "train"])
        known = rows.schema.labels or []
        shown = ", ".join(repr(known[code]) for code in unseen[:MAX_NAMED])
        way = "without data.time and data.group" if rows.given is None else "by data.splits random"
        if len(unseen):
            raise UserError(
                f"data.target: {len(unseen)} classes have no training row, only validation or test "
                f"rows, such as {shown}: remove them, or split {way}."
            )


def absent(rows: Rows, names: np.ndarray) -> list[str]:
    """Return notes on classes without validation or test rows."""
    found, labels = [], rows.schema.labels or []
    for part in PARTS[1:] if labels else ():
        codes = np.setdiff1d(rows.targets, rows.targets[names == part])
        shown = ", ".join(repr(labels[code]) for code in codes[:MAX_NAMED])
        if len(codes):
            count = f"{len(codes)} of {len(labels)} classes have no {part} row, such as {shown}"
            found.append(f"{count}: scores there say nothing about them.")
    return found


def _completed(rows: Rows, given: np.ndarray, config: BaseConfig) -> np.ndarray:
    """Return the given splits; validation or test rows that are missing are drawn from train."""
    names = given.copy()
    train = names == "train"
    shares = {part: 0.0 for part in PARTS[1:] if (names == part).any()}
    if len(shares) < 2:
        rest = replace(
            rows, keys=rows.keys[train], groups=rows.groups[train], targets=rows.targets[train]
        )
        data = config.data.model_copy(update=shares)
        names[train] = _by_key(rest, config.model_copy(update={"data": data}))
    return names


def _by_time(times: np.ndarray, config: BaseConfig) -> np.ndarray:
    """Assign the oldest rows to training and the newest to test."""
    val, test = config.data.val, config.data.test
    first, second = np.quantile(times, [1 - val - test, 1 - test])
    return np.select([times <= first, times <= second], ["train", "val"], "test")


def _by_key(rows: Rows, config: BaseConfig) -> np.ndarray:
    """Split by a hash of the key, stratified by target; known keys keep their split."""
    path = config.paths.processed / f"split-{_fingerprint(config)}.parquet"
    none = pd.DataFrame({"key": rows.keys[:0], "split": np.empty(0, object)})
    known = pd.read_parquet(path) if path.exists() else none
    keys = pd.DataFrame({"key": rows.keys, "group": rows.groups, "stratum": strata(rows.targets)})
    keys = keys.drop_duplicates("key").merge(known, "left", "key")
    assigned = keys.dropna(subset="split").drop_duplicates("group").set_index("group")["split"]
    new = keys[keys["split"].isna()]
    if len(new):
        unassigned = new[~new["group"].isin(assigned.index)].drop_duplicates("group")
        assigned = pd.concat([assigned, _draw(unassigned, config, first=known.empty)])
        new = new.assign(split=new["group"].map(assigned))
        known = pd.concat([known, new[["key", "split"]]], ignore_index=True)
        with replacing(path) as scratch:
            known.to_parquet(scratch, index=False)
    return known.set_index("key")["split"].loc[rows.keys].to_numpy(object)


def _draw(units: pd.DataFrame, config: BaseConfig, first: bool) -> pd.Series:
    """Return a random split for each group; the first draw has equal shares in every stratum.

    Where that leaves a split empty, since the groups are few, their strata are ignored.
    """
    seed = np.uint64(config.seed * 0x9E3779B97F4A7C15 % 2**64)  # decorrelates similar seeds
    order = pd.Series(pd.util.hash_array(units["group"].to_numpy() ^ seed), units.index)
    ranked = order.groupby(units["stratum"]).rank(method="first", pct=True)
    place = ranked if first else order / 2.0**64  # few new rows would rarely rank as test rows
    names = _parted(place, config)
    if first and len({*names}) < 1 + (config.data.test > 0) + (config.data.val > 0):
        names = _parted(order.rank(method="first", pct=True), config)
    return pd.Series(names, units["group"])


def _parted(place: pd.Series, config: BaseConfig) -> np.ndarray:
    """Return the splits of places between 0 and 1."""
    ends = config.data.test, config.data.test + config.data.val
    return np.select([place <= end for end in ends], ["test", "val"], "train")


def _fingerprint(config: BaseConfig) -> str:
    """Return a hash of the settings that determine a split."""
    data = config.data.model_dump(mode="json", include={"path", "target", "group", "val", "test"})
    data |= {"drop": sorted(getattr(config.data, "drop", [])), "seed": config.seed}
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()[:12]


def strata(targets: np.ndarray) -> np.ndarray:
    """Return the strata of splits and folds: classes, or fifths of the values."""
    numbers = targets.dtype != np.int64 and np.ptp(targets) > 0
    return pd.qcut(targets, STRATA, labels=False, duplicates="drop") if numbers else targets


def _without_duplicates(ids: np.ndarray, names: np.ndarray) -> np.ndarray:
    names = names.astype(object)
    names[(names == "val") & np.isin(ids, ids[names == "train"])] = ""
    names[(names == "test") & np.isin(ids, ids[(names == "train") | (names == "val")])] = ""
    return names


def slices(inputs: pd.DataFrame, schema: Schema) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield (column, value, mask of rows): frequent categories, quartiles, missing values."""
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
