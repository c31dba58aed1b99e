"""The data that `monitor` compares new rows with, stored with the exported model.

reference.parquet              inputs of rows of all splits
reference-predictions.parquet  inputs of rows not used in training, with predictions
reference-fitted.npy           (rows,) uint32, sorted: hashes of the inputs used in training
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..export import feed
from ..tables.schema import Schema
from .statistics import PREDICTION, Columns, predicted

MIN_UNSEEN = 20  # new rows not used in training; with fewer, predictions are not compared
MIN_NEW = 0.5  # share of held-out rows whose inputs are not in the training data; see `build`


@dataclass(frozen=True)
class Reference:
    """Reference data; a model is overconfident on training rows, so these have no predictions.

    inputs     rows of all splits, as `comparable_columns` returns them
    held_out   rows not used in training, with PREDICTION; None in exports of older versions
    fitted     (rows,) uint32, sorted; empty if most held-out rows duplicate training rows
    """

    inputs: pd.DataFrame
    held_out: pd.DataFrame | None
    fitted: np.ndarray

    def paired(self, current: pd.DataFrame) -> tuple[Columns, Columns, str]:
        """Return the comparable columns of both, and the reason if predictions are not among them.

        Predictions are those for rows not used in training, if there are at least MIN_UNSEEN.
        """
        inputs = dict(self.inputs), dict(current[[*self.inputs]])
        if self.held_out is None:
            return *inputs, "the export is from an older version: run `export` again"
        new = current[self.unseen(current)]
        if len(new) < MIN_UNSEEN:
            return (
                *inputs,
                f"{len(current) - len(new):,} of {len(current):,} rows were used for training",
            )
        pair = self.held_out[PREDICTION], new[PREDICTION]
        return inputs[0] | {PREDICTION: pair[0]}, inputs[1] | {PREDICTION: pair[1]}, ""

    def unseen(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the mask of the rows not used in training."""
        return ~np.isin(_hashes(rows[[*self.inputs]]), self.fitted)


def build(
    predict: Callable[[pd.DataFrame], np.ndarray],
    fitted: list[pd.DataFrame],
    held_out: pd.DataFrame,
    schema: Schema,
    seed: int,
) -> Reference:
    """Return a reference of at most feed.REFERENCE rows of each kind.

    `predict` is the exported model, `fitted` the inputs used in training (early stopping included),
    and `held_out` those of the test set.
    """
    names = [column.name for column in schema.described]
    seen = np.unique(_hashes(comparable_columns(pd.concat(fitted), names)))
    # In a table with few distinct rows, training has seen nearly all rows that can occur. Held-out
    # rows then represent new ones, whether their inputs were seen in training or not.
    new = ~np.isin(_hashes(comparable_columns(held_out, names)), seen)
    if new.mean() < MIN_NEW:
        seen, new = seen[:0], np.ones(len(held_out), bool)
    sample = _sample(held_out[new], seed)
    answers = predicted(predict(feed.request_view(sample)), schema.labels)
    # Inputs come from all splits: duplicates share a split, so in a table with few distinct rows no
    # single split is representative.
    inputs = _sample(pd.concat([*fitted, held_out], ignore_index=True), seed)
    known = comparable_columns(sample, names).assign(**{PREDICTION: answers})
    return Reference(comparable_columns(inputs, names), known, seen)


def comparable_columns(inputs: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return the compared columns: float32 with NaN, or str with "" for missing."""
    columns = inputs[names]
    return columns.assign(**columns.select_dtypes("category").astype("str"))


def save(reference: Reference, folder: Path) -> None:
    """Write the three files."""
    reference.inputs.to_parquet(folder / "reference.parquet", index=False)
    if reference.held_out is not None:
        reference.held_out.to_parquet(folder / "reference-predictions.parquet", index=False)
    np.save(folder / "reference-fitted.npy", reference.fitted)


def load(folder: Path) -> Reference:
    """Read them; older versions wrote one file, with the predictions for training rows."""
    inputs = pd.read_parquet(folder / "reference.parquet")
    if PREDICTION in inputs:
        return Reference(inputs.drop(columns=PREDICTION), None, np.empty(0, np.uint32))
    held_out = pd.read_parquet(folder / "reference-predictions.parquet")
    return Reference(inputs, held_out, np.load(folder / "reference-fitted.npy"))


def _hashes(rows: pd.DataFrame) -> np.ndarray:
    """Return (rows,) uint32; with a million training rows, one new row in 4,000 collides."""
    return (pd.util.hash_pandas_object(rows, index=False).to_numpy() >> 32).astype(np.uint32)


def _sample(inputs: pd.DataFrame, seed: int) -> pd.DataFrame:
    return inputs.sample(min(len(inputs), feed.REFERENCE), random_state=seed).sort_index()
