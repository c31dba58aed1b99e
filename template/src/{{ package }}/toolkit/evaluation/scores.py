"""Every metric of a model: the toolkit's, and the project's own."""

from collections.abc import Mapping

import numpy as np

from ..settings.common import EvaluateSettings, Metric
from . import metrics


def score(
    targets: np.ndarray,
    predictions: np.ndarray,
    threshold: float | None,
    own: Mapping[str, Metric] | None = None,
) -> dict[str, float]:
    """Return every metric of predictions, NaN where it is undefined; `threshold` may be None."""
    values = resample(targets, predictions, threshold, np.ones((1, len(targets))), own)
    return {name: float(value[0]) for name, value in values.items()}


def resample(
    targets: np.ndarray,
    predictions: np.ndarray,
    threshold: float | None,
    weights: np.ndarray,
    own: Mapping[str, Metric] | None = None,
) -> dict[str, np.ndarray]:
    """Return {metric: (B,)} for (B, N) row weights, such as how often a bootstrap drew each row."""
    values, decisions = metrics.resample(targets, predictions, threshold, weights), None
    for name, metric in (own or {}).items():
        decisions = metrics.decide(predictions, threshold) if decisions is None else decisions
        each = (metric.function(targets, predictions, decisions, row) for row in weights)
        values[name] = np.array([*each], np.float64)
    return values


def sign(settings: EvaluateSettings) -> int:
    """Return 1 if a greater value of the primary metric is better, else -1."""
    own, primary = settings.OWN, settings.primary
    greater = (
        own[primary].greater_is_better if primary in own else metrics.GREATER_IS_BETTER[primary]
    )
    return 1 if greater else -1
