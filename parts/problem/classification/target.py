"""The target column as label codes."""

import numpy as np
import pandas as pd

from ..config import Config
from ..runs import UserError

LEAST_ROWS = 10  # fewer rows of a class can't be split into train, validation and test


def encode(values: pd.Series, config: Config) -> tuple[np.ndarray, list[str] | None]:
    """Return (rows,) int64 codes and their labels; of two labels the last is the positive one."""
    texts = values.map("{:g}".format) if values.dtype == np.float32 else values.astype("str")
    counts = texts.value_counts()
    key = f"data.target {values.name!r}"
    if counts.empty:
        raise UserError(f"{key} holds no value: name another column, or look at data.missing.")
    if len(counts) < 2:
        raise UserError(f"{key} has one value only, {counts.index[0]!r}: nothing to learn.")
    rare = counts[counts < LEAST_ROWS]
    if len(rare):
        raise UserError(
            f"{key}: {len(rare)} of {len(counts)} classes have under {LEAST_ROWS} rows, such as "
            f"{rare.index[0]!r} ({rare.iloc[0]}): merge or remove them; numbers are for regression."
        )
    labels = sorted(map(str, counts.index))
    if len(labels) == 2:
        positive = config.evaluate.positive or str(counts.index[-1])
        if positive not in labels:
            raise UserError(f"evaluate.positive: {positive!r} is not one of {labels}.")
        labels = [label for label in labels if label != positive] + [positive]
    codes = pd.Categorical(texts, categories=labels).codes
    return codes.astype(np.int64), labels
