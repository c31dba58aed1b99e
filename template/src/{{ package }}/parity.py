"""Does the exported model answer as the trained one? On every row there is, or the export fails.

The exported one adds up in float32 what the trained one adds up in float64: 1e-7 ... 1e-5 of a
value; one wrong branch in a tree costs 1e-2. The default tolerance, 1e-4, tells the two apart.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
import pandas as pd

from . import metrics
from .runs import UserError

CHUNK = 50_000  # rows at once, so that text columns don't fill the memory


class Exported(Protocol):
    """What the `load` of every format returns."""

    def decide(self, inputs: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the predictions and, for classes, the (rows,) labels."""


def check(
    predict: Callable[[pd.DataFrame], np.ndarray],
    exported: Exported,
    parts: dict[str, pd.DataFrame],
    labels: list[str] | None,
    threshold: float | None,
    tolerance: float,
) -> dict[str, Any]:
    """Return what parity.json holds; UserError names the worst row if the two disagree on any.

    They agree if |difference| <= tolerance * max(1, |value|) and the label is the same. Within the
    tolerance of the threshold, or of a tie, a label is undecided and only the difference counts.
    """
    expected = np.concatenate([predict(chunk) for chunk in _chunks(parts)])
    answers = [exported.decide(chunk) for chunk in _chunks(parts)]
    actual = np.concatenate([predictions for predictions, _ in answers])
    distance = np.nan_to_num(np.abs(actual - expected), nan=np.inf)
    gap = _worst(distance / np.maximum(1, np.abs(expected)))
    if labels is None:
        same, undecided = gap <= tolerance, np.zeros(len(gap), bool)
    else:
        decided = np.array(labels, object)[metrics.decide(expected, threshold)]
        same = decided == np.concatenate([chosen for _, chosen in answers])
        undecided = _margin(expected, threshold) <= tolerance
    failed = (gap > tolerance) | ~(same | undecided)
    if failed.any():
        row = int(np.argmax(np.where(failed, gap, -1)))
        raise UserError(
            f"{_describe(parts, row)} gives {expected[row]} in the model, {actual[row]} exported; "
            f"{failed.sum():,} of {len(gap):,} rows disagree, so nothing was exported: take "
            f"another model.name, or raise export.tolerance ({tolerance:g}) if that will do."
        )
    return {
        "rows": len(gap),
        "max_abs_diff": float(distance.max()),
        "max_relative_diff": float(gap.max()),
        "tolerance": tolerance,
        "decisions_equal": int(same.sum()),
        "undecided": int(undecided.sum()),
        "passed": True,
    }


def _chunks(parts: dict[str, pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for inputs in parts.values():
        for start in range(0, len(inputs), CHUNK):
            yield inputs.iloc[start : start + CHUNK]


def _worst(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1).max(axis=1)


def _margin(probabilities: np.ndarray, threshold: float | None) -> np.ndarray:
    """Return how far each row's probabilities would have to move for another label, (rows,)."""
    if threshold is not None:
        return np.abs(probabilities[:, 1] - threshold)
    second, first = np.sort(probabilities, axis=1)[:, -2:].T
    return (first - second) / 2


def _describe(parts: dict[str, pd.DataFrame], row: int) -> str:
    for part, inputs in parts.items():
        if row < len(inputs):
            return f"{part} row {row + 1}, {inputs.iloc[row].to_dict()},"
        row -= len(inputs)
    raise IndexError(row)
