"""Check of a compressed model: its predictions differ, so its primary metric is compared.

The drop on validation rows decides; that on test rows is only reported.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..evaluation import metrics, scores
from ..runs import UserError
from ..settings.common import EvaluateSettings
from ..tables.schema import Schema
from ..tables.split import Split
from .parity import Exported, decide


def check(
    model: Any,
    predict: Callable[[Any, pd.DataFrame], np.ndarray],
    answers: dict[str, np.ndarray],
    exported: Exported,
    parts: dict[str, Split],
    schema: Schema,
    threshold: float | None,
    config: BaseConfig,
) -> dict[str, Any]:
    """Return what parity.json holds; UserError if the metric falls by more than `max_drop`.

    A drop is absolute for a score, and relative to the original for an error (MAE, log loss).
    """
    primary, compared = config.evaluate.primary, dict[str, Any]()
    expected: list[np.ndarray] = []
    actual: list[np.ndarray] = []
    equal = 0
    for name in ("validation", "test"):
        original, targets = answers[name], parts[name].targets
        compressed, chosen = decide(exported, [parts[name].inputs])
        compared[name] = _drop(config.evaluate, targets, original, compressed, threshold)
        expected.append(original)
        actual.append(compressed)
        equal += _equal(original, chosen, schema.labels, threshold)
    found, limit = compared["validation"], config.export.max_drop
    if not found["drop"] <= limit:
        raise UserError(
            f"{primary} is {found['exported']:.4g} instead of {found['model']:.4g} on "
            f"validation rows, so nothing was exported: leave this format out of export.formats, "
            f"or raise export.max_drop ({limit:g}) if that is acceptable."
        )
    distance = np.abs(np.concatenate(actual) - np.concatenate(expected))
    return {
        "rows": len(distance),
        "max_abs_diff": float(distance.max()),
        "max_scaled_diff": float(distance.max() / _unit(np.concatenate(expected))),
        "tolerance": None,
        "decisions_equal": equal,
        "undecided": 0,
        "executed_by": exported.executed_by,
        "metric": {"name": primary, "max_drop": limit, **compared},
        "passed": True,
    }


def summary(agreed: dict[str, Any]) -> str:
    """Summarise parity.json in words."""
    metric = agreed["metric"]
    found = metric["validation"]
    return (
        f"{metric['name']} {found['exported']:.4g} on validation rows (model: {found['model']:.4g})"
    )


def _drop(
    settings: EvaluateSettings,
    targets: np.ndarray,
    original: np.ndarray,
    compressed: np.ndarray,
    threshold: float | None,
) -> dict[str, float]:
    own, primary = settings.OWN, settings.primary
    both = (scores.score(targets, each, threshold, own)[primary] for each in (original, compressed))
    before, after = both
    greater = scores.sign(settings) > 0
    fall = before - after if greater else (after - before) / abs(before)
    return {"model": before, "exported": after, "drop": fall}


def _equal(
    original: np.ndarray,
    chosen: np.ndarray | None,
    labels: list[str] | None,
    threshold: float | None,
) -> int:
    """Count the rows with the same label; 0 in regression."""
    if labels is None or chosen is None:
        return 0
    return int((np.array(labels, object)[metrics.decide(original, threshold)] == chosen).sum())


def _unit(expected: np.ndarray) -> float:
    return 1.0 if expected.ndim == 2 else float(expected.std())
