"""Does the exported model answer as the trained one? On every row there is, or the export fails.

The exported one adds up in float32 what the trained one adds up in float64: a difference of 1e-7 to
1e-5; one wrong branch in a tree makes 1e-2. The default tolerance, 1e-4, tells the two apart.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import numpy as np
import pandas as pd

from ..evaluation import metrics
from ..runs import UserError
from .feed import ROWS


class Exported(Protocol):
    """What the `load` of every format returns; `executed_by` names what does the arithmetic."""

    executed_by: str

    def decide(self, inputs: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the predictions and, for classes, the (rows,) labels."""


Predict = Callable[[pd.DataFrame], np.ndarray]


def expect(predict: Predict, parts: dict[str, pd.DataFrame]) -> dict[str, np.ndarray]:
    """Return the model's answers on each part: what all of its exports are held to."""
    return {
        name: np.concatenate([predict(chunk) for chunk in _chunks([inputs])])
        for name, inputs in parts.items()
    }


def compare(
    answers: dict[str, np.ndarray],
    exported: Exported,
    parts: dict[str, pd.DataFrame],
    labels: list[str] | None,
    threshold: float | None,
    tolerance: float,
) -> dict[str, Any]:
    """Return what parity.json holds; UserError names the worst row if the two disagree on any.

    `answers` are the model's. `tolerance` is of a probability, or in standard deviations of the
    values; the labels have to be the same, except within the tolerance of the threshold or of a
    tie, where they are undecided.
    """
    expected = np.concatenate([answers[name] for name in parts])
    actual, chosen = decide(exported, parts.values())
    distance = np.nan_to_num(np.abs(actual - expected), nan=np.inf)
    gap = (distance / _unit(expected)).reshape(len(expected), -1).max(axis=1)
    if labels is None:
        same, undecided = gap <= tolerance, np.zeros(len(gap), bool)
    else:
        same = np.array(labels, object)[metrics.decide(expected, threshold)] == chosen
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
        "max_scaled_diff": float(gap.max()),
        "tolerance": tolerance,
        "decisions_equal": int(same.sum()),
        "undecided": int(undecided.sum()),
        "executed_by": exported.executed_by,
        "passed": True,
    }


def decide(
    exported: Exported, parts: Iterable[pd.DataFrame]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the export's predictions and labels, of all rows."""
    given = [exported.decide(chunk) for chunk in _chunks(parts)]
    labels = [chosen for _, chosen in given if chosen is not None]
    actual = np.concatenate([predictions for predictions, _ in given])
    return actual, np.concatenate(labels) if labels else None


def _chunks(parts: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for inputs in parts:
        for start in range(0, len(inputs), ROWS):
            yield inputs.iloc[start : start + ROWS]


def _unit(expected: np.ndarray) -> np.ndarray:
    """Return what a difference is measured in; for values never under ten steps of float32."""
    if expected.ndim == 2:
        return np.ones(1)
    spread = expected.std(dtype=np.float64)
    return np.maximum(np.maximum(spread, np.abs(expected) / 100), np.finfo(np.float32).tiny)


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
