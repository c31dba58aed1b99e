"""Every metric of a model: the toolkit's, and the project's own."""

from collections.abc import Callable, Mapping
from warnings import catch_warnings

import numpy as np
import pandas as pd

from ..runs import UserError
from ..settings.common import EvaluateSettings, Metric
from ..tables.split import Splits
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
        with catch_warnings(action="ignore", category=RuntimeWarning):  # such as of 0 / 0
            each = [metric.function(targets, predictions, decisions, row) for row in weights]
        values[name] = np.array(each, np.float64)
    return values


def threshold(predict: Callable[[pd.DataFrame], np.ndarray], splits: Splits) -> float | None:
    """Return the best threshold on validation rows; None unless the labels are two."""
    if len(splits.schema.labels or []) != 2:  # no prediction is needed
        return None
    return metrics.choose_threshold(splits.val.targets, predict(splits.val.inputs))


def check(settings: EvaluateSettings, targets: np.ndarray, labels: list[str] | None) -> None:
    """Try the project's own metrics on random predictions; UserError says what is wrong."""
    if not settings.OWN or not metrics.OF_EXPORTS:
        return
    rng, rows = np.random.default_rng(0), np.arange(len(targets)) % 2 == 0
    predictions = rng.permutation(targets)
    if labels:
        predictions = rng.dirichlet(np.ones(len(labels)), len(targets)).astype(np.float32)
    for name, metric in settings.OWN.items():
        if name in metrics.GREATER_IS_BETTER:
            raise UserError(f"metrics.py: {name!r} is a metric of the toolkit: use another name.")
        half = _value(name, metric, targets[rows], predictions[rows], np.ones(rows.sum()))
        weighted = _value(name, metric, targets, predictions, rows.astype(np.float64))
        if not np.isclose(half, weighted, rtol=1e-6):
            raise UserError(
                f"metrics.py: {name!r} ignores its weights: rows of weight 0 must not count, since "
                "intervals come from weights."
            )


def _value(
    name: str, metric: Metric, targets: np.ndarray, predictions: np.ndarray, weights: np.ndarray
) -> float:
    threshold = 0.5 if predictions.ndim == 2 and predictions.shape[1] == 2 else None
    try:
        decisions = metrics.decide(predictions, threshold)
        value = float(metric.function(targets, predictions, decisions, weights))
    except Exception as error:
        raise UserError(
            f"metrics.py: {name!r} fails ({type(error).__name__}: {error}); it must be a Metric of "
            "a function (targets, predictions, decisions, weights) that returns a number."
        ) from error
    if not np.isfinite(value):
        raise UserError(f"metrics.py: {name!r} is {value} for random predictions: use another.")
    return value


def sign(settings: EvaluateSettings) -> int:
    """Return 1 if a greater value of the primary metric is better, else -1."""
    metric = settings.OWN.get(settings.primary)
    greater = metric.greater_is_better if metric else metrics.GREATER_IS_BETTER[settings.primary]
    return 1 if greater else -1
