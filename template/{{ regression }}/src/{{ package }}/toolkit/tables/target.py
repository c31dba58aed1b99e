"""The target column as numbers."""

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..runs import UserError
from .cells import Column
from .infer import closest
from .schema import schema_file

LEAST_ROWS = 50  # fewer can't be split into train, validation and test


def encode(values: pd.Series, config: BaseConfig) -> tuple[np.ndarray, list[str] | None]:
    """Return (rows,) float32 values; there are no labels."""
    key = f"data.target {values.name!r}"
    if values.empty:
        raise UserError(f"{key} holds no value: name another column, or look at data.missing.")
    if not pd.api.types.is_float_dtype(values):
        texts = values.astype("str")
        _, no_numbers = closest(Column(name="", kind="number"), texts.unique().tolist(), [])
        odd = values[texts.isin(no_numbers)]
        if odd.empty:
            decided = schema_file(config.data.path, config.paths.schemas)
            raise UserError(
                f"{key} is read as categories, such as {values.iloc[0]!r}: write its numbers "
                f"without leading zeros, and remove it under `decided` in {decided} if it is there."
            )
        raise UserError(
            f"{key} is not numeric: {len(odd):,} of its {len(values):,} values are no numbers, "
            f"such as {odd.iloc[0]!r} in row {odd.index[0] + 1}. Fix them, list what means missing "
            "in data.missing, name another column, or take a classification task."
        )
    if len(values) < LEAST_ROWS or values.nunique() < 2:
        raise UserError(
            f"{key} has {len(values)} rows and {values.nunique()} values; "
            f"at least {LEAST_ROWS} rows and 2 values are needed."
        )
    return values.to_numpy(np.float32), None


def sampled(targets: np.ndarray, rows: int) -> np.ndarray:
    """Return the places of about so many rows, evenly of all values."""
    return np.sort(np.argsort(targets, kind="stable")[:: 1 + len(targets) // rows])
