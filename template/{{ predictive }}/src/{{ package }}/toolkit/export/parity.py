"""Check that an exported model gives the predictions of the trained one on every row.

The exported model sums in float32, the trained one in float64, which gives differences of 1e-7 to
1e-5; one wrong branch in a tree gives 1e-2. The default tolerance, 1e-4, lies between the two.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import numpy as np
import pandas as pd

from ..evaluation import metrics
from ..runs import UserError
from .feed import ROWS


class Exported(Protocol):
    """The result of `load` of every format; `executed_by` names the runtime."""

    executed_by: str

    def decide(self, inputs: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the predictions and, for a classifier, the (rows,) labels."""


Predict = Callable[[pd.DataFrame], np.ndarray]


def expect(predict: Predict, parts: dict[str, pd.DataFrame]) -> dict[str, np.ndarray]:
    """Return the model's predictions on each part, with which all exports are compared."""
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
    """Return the content of parity.json; UserError names the worst row if the two disagree on any.

    `answers` are the model's predictions. `tolerance` is in probability, or in standard deviations
    of the values; labels must be equal, except within the tolerance of the threshold or of a tie,
    where they count as undecided.
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
            f"{failed.sum():,} of {len(gap):,} rows disagree, so nothing was exported: use another "
            f"model.name, or raise export.tolerance ({tolerance:g}) if that is acceptable."
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
    """Return the export's predictions and labels for all rows."""
    outputs = [exported.decide(chunk) for chunk in _chunks(parts)]
    labels = [chosen for _, chosen in outputs if chosen is not None]
    actual = np.concatenate([predictions for predictions, _ in outputs])
    return actual, np.concatenate(labels) if labels else None


def _chunks(parts: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for inputs in parts:
        for start in range(0, len(inputs), ROWS):
            yield inputs.iloc[start : start + ROWS]


def _unit(expected: np.ndarray) -> np.ndarray:
    """Return the unit of a difference; for values, never less than ten steps of float32."""
    if expected.ndim == 2:
        return np.ones(1)
    spread = expected.std(dtype=np.float64)
    return np.maximum(np.maximum(spread, np.abs(expected) / 100), np.finfo(np.float32).tiny)


def _margin(probabilities: np.ndarray, threshold: float | None) -> np.ndarray:
    """Return the change of each row's probabilities that would change its label, (rows,)."""
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
