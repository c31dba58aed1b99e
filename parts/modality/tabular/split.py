"""Fixed splits: a row stays in its split, however the file grows or is sorted."""

import hashlib
import json

import numpy as np
import pandas as pd

from ..config import Config
from ..runs import UserError, replacing

STRATA = 5  # quantile bins of a numeric target


def assign(ids: np.ndarray, targets: np.ndarray, table: pd.DataFrame, config: Config) -> np.ndarray:
    """Return (rows,) "train", "val" or "test"; "" for a row whose twin is in an earlier split."""
    group, time = config.data.group, config.data.time
    if group and time:
        raise UserError("data.group and data.time are both set: split by one of them.")
    if time:
        names = _by_time(table[time], config)
    else:
        keys = pd.util.hash_array(table[group].to_numpy()) if group else ids
        names = _by_key(keys, targets, config)
    names = _without_twins(ids, names)
    _check(names, targets)
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


def _by_time(times: pd.Series, config: Config) -> np.ndarray:
    """Train on the past, test on the newest rows; equal times stay together."""
    if times.dtype != np.float32 or times.isna().any():
        raise UserError(
            f"data.time: {times.name!r} must be a date or number without missing values."
        )
    val, test = config.data.val, config.data.test
    first, second = times.quantile([1 - val - test, 1 - test])
    return np.select([times <= first, times <= second], ["train", "val"], "test")


def _by_key(keys: np.ndarray, targets: np.ndarray, config: Config) -> np.ndarray:
    """Split by a hash of the key, stratified by target; known keys stay where they were."""
    path = config.paths.processed / f"split-{_fingerprint(config)}.parquet"
    known = pd.read_parquet(path) if path.exists() else pd.DataFrame({"key": keys[:0], "split": []})
    fresh = pd.DataFrame({"key": keys, "stratum": _strata(targets)}).drop_duplicates("key")
    fresh = fresh[~fresh["key"].isin(known["key"])]
    if len(fresh):
        seed = np.uint64(config.seed * 0x9E3779B97F4A7C15 % 2**64)  # spreads near seeds apart
        fresh["order"] = pd.util.hash_array(fresh["key"].to_numpy() ^ seed)
        place = fresh.groupby("stratum")["order"].rank(method="first", pct=True)
        val, test = config.data.val, config.data.test
        fresh["split"] = np.select([place <= test, place <= test + val], ["test", "val"], "train")
        known = pd.concat([known, fresh[["key", "split"]]], ignore_index=True)
        with replacing(path) as scratch:
            known.to_parquet(scratch, index=False)
    return known.set_index("key")["split"].loc[keys].to_numpy(object)


def _fingerprint(config: Config) -> str:
    """A split belongs to one file and to the settings that shape it."""
    data = config.data.model_dump(mode="json", include={"path", "target", "group", "val", "test"})
    text = json.dumps({**data, "drop": sorted(config.data.drop), "seed": config.seed})
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _strata(targets: np.ndarray) -> np.ndarray:
    if targets.dtype == np.int64:
        return targets
    return pd.qcut(targets, STRATA, labels=False, duplicates="drop")


def _without_twins(ids: np.ndarray, names: np.ndarray) -> np.ndarray:
    names = names.astype(object)
    names[(names == "val") & np.isin(ids, ids[names == "train"])] = ""
    names[(names == "test") & np.isin(ids, ids[(names == "train") | (names == "val")])] = ""
    return names
