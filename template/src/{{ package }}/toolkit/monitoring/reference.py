"""What `monitor` compares new rows with, kept beside the exported model.

reference.parquet              inputs of rows of all splits
reference-predictions.parquet  inputs of rows that no fit has seen, and what the export predicts
reference-fitted.npy           (rows,) uint32, sorted: hashes of the inputs that a fit has seen
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..export import feed
from ..tables.schema import Schema
from .statistics import PREDICTION, Columns, predicted

LEAST = 20  # new rows whose predictions say anything, beside those that a fit has seen
MOSTLY = 0.5  # share of held-out rows whose inputs were fitted too: then there are few to know


@dataclass(frozen=True)
class Reference:
    """A model knows the rows of its fit too well: their predictions say little of new rows.

    inputs     rows of the data, shaped by `shown`
    held_out   rows that no fit has seen, with PREDICTION; None in exports of older versions
    fitted     (rows,) uint32, sorted; empty if seen and unseen inputs are alike
    """

    inputs: pd.DataFrame
    held_out: pd.DataFrame | None
    fitted: np.ndarray

    def paired(self, current: pd.DataFrame) -> tuple[Columns, Columns, str]:
        """Return the columns of both that can be compared, and why no predictions are among them.

        Of predictions, both hold those of rows that no fit has seen, if there are LEAST.
        """
        inputs = dict(self.inputs), dict(current[[*self.inputs]])
        if self.held_out is None:
            return *inputs, "the export is of an older version: `export` again"
        new = current[self.unseen(current)]
        if len(new) < LEAST:
            return (
                *inputs,
                f"the model was fitted on {len(current) - len(new):,} of {len(current):,} rows",
            )
        pair = self.held_out[PREDICTION], new[PREDICTION]
        return inputs[0] | {PREDICTION: pair[0]}, inputs[1] | {PREDICTION: pair[1]}, ""

    def unseen(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the mask of the rows that no fit has seen."""
        return ~np.isin(_hashes(rows[[*self.inputs]]), self.fitted)


def build(
    predict: Callable[[pd.DataFrame], np.ndarray],
    fitted: list[pd.DataFrame],
    held_out: pd.DataFrame,
    schema: Schema,
    seed: int,
) -> Reference:
    """Return a reference of at most feed.REFERENCE rows of each kind.

    `predict` is the exported model, `fitted` holds the inputs that it may have been fitted on, and
    `held_out` those that it has not.
    """
    names = [column.name for column in schema.described]
    seen = np.unique(_hashes(shown(pd.concat(fitted), names)))
    # Of a table of few distinct rows, split at random, a fit has seen nearly all that can come.
    # Rows that are held out are then as good as new ones, whether their inputs were seen or not.
    new = ~np.isin(_hashes(shown(held_out, names)), seen)
    if new.mean() < MOSTLY:
        seen, new = seen[:0], np.ones(len(held_out), bool)
    asked = _sample(held_out[new], seed)
    answers = predicted(predict(feed.request_view(asked)), schema.labels)
    # Inputs come from all splits: rows that repeat each other share one, so that where few are
    # distinct, no split is like the whole.
    inputs = _sample(pd.concat([*fitted, held_out], ignore_index=True), seed)
    known = shown(asked, names).assign(**{PREDICTION: answers})
    return Reference(shown(inputs, names), known, seen)


def shown(inputs: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return the columns that are compared: float32 with NaN, or str with ""."""
    columns = inputs[names]
    return columns.assign(**columns.select_dtypes("category").astype("str"))


def save(reference: Reference, folder: Path) -> None:
    """Write the three files."""
    reference.inputs.to_parquet(folder / "reference.parquet", index=False)
    if reference.held_out is not None:
        reference.held_out.to_parquet(folder / "reference-predictions.parquet", index=False)
    np.save(folder / "reference-fitted.npy", reference.fitted)


def load(folder: Path) -> Reference:
    """Read them; of an older version there is one, with the predictions of training rows."""
    inputs = pd.read_parquet(folder / "reference.parquet")
    if PREDICTION in inputs:
        return Reference(inputs.drop(columns=PREDICTION), None, np.empty(0, np.uint32))
    held_out = pd.read_parquet(folder / "reference-predictions.parquet")
    return Reference(inputs, held_out, np.load(folder / "reference-fitted.npy"))


def _hashes(rows: pd.DataFrame) -> np.ndarray:
    """Return (rows,) uint32; of a million rows fitted, one new row in 4,000 is taken for known."""
    return (pd.util.hash_pandas_object(rows, index=False).to_numpy() >> 32).astype(np.uint32)


def _sample(inputs: pd.DataFrame, seed: int) -> pd.DataFrame:
    return inputs.sample(min(len(inputs), feed.REFERENCE), random_state=seed).sort_index()
