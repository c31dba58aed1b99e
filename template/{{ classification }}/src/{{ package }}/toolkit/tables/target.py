"""The target column as label codes."""

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..runs import UserError

LEAST_ROWS = 10  # fewer rows of a class can't be split into train, validation and test


def encode(values: pd.Series, config: BaseConfig) -> tuple[np.ndarray, list[str] | None]:
    """Return (rows,) int64 codes of str; and their labels, of two the last is the positive one."""
    counts = values.value_counts()
    key = f"data.target {values.name!r}"
    if counts.empty:
        raise UserError(f"{key} holds no value: name another column, or look at data.missing.")
    if len(counts) < 2:
        raise UserError(f"{key} has one value only, {counts.index[0]!r}: nothing to learn.")
    rare = counts[counts < LEAST_ROWS]
    if len(rare):
        raise UserError(
            f"{key}: {len(rare)} of {len(counts)} classes have under {LEAST_ROWS} rows, such as "
            f"{rare.index[0]!r} ({rare.iloc[0]}): bring more rows of them, or merge or remove "
            "them; to predict a number, take a regression task."
        )
    labels = sorted(map(str, counts.index))
    if len(labels) == 2:
        positive = config.evaluate.positive or str(counts.index[-1])
        if positive not in labels:
            raise UserError(f"evaluate.positive: {positive!r} is not one of {labels}.")
        labels = [label for label in labels if label != positive] + [positive]
    codes = pd.Categorical(values, categories=labels).codes
    return codes.astype(np.int64), labels


def sampled(targets: np.ndarray, rows: int) -> np.ndarray:
    """Return the places of about so many rows, evenly of all classes, and of each one at least."""
    order = np.argsort(targets, kind="stable")
    firsts = np.unique(targets, return_index=True)[1]
    return np.union1d(order[:: 1 + len(targets) // rows], firsts)
