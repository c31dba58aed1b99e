"""What is measured of a classifier, by scikit-learn's names.

Shapes: B resamples, N rows, C classes; of two classes the last is the positive one.
"""

import numpy as np
import pandas as pd

GREATER_IS_BETTER = dict.fromkeys(
    ["average_precision", "roc_auc", "f1_macro", "balanced_accuracy"], True
) | dict.fromkeys(["log_loss", "brier_score", "ece"], False)
TAILED = ("roc_auc", "log_loss")  # metrics that a few rows may decide
PROPORTIONS = (  # metrics between 0 and 1
    "average_precision",
    "roc_auc",
    "f1_macro",
    "balanced_accuracy",
)
ROW_LOSS = "log loss"
COLUMNS = ()  # of predictions.csv: there the classes name them
MISTAKES = {
    "title": "Most confident mistakes",
    "causes": "wrong labels and missing columns",
    "numbers": 0,
}  # in the report
OUTPUT = ("probabilities", "float32")  # of an export: name and type
OF_EXPORTS = True  # an export predicts what the metrics take
BINS = 10


def resample(
    targets: np.ndarray, predictions: np.ndarray, threshold: float | None, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return {metric: (B,)} for (B, N) row weights, such as how often a bootstrap drew each row."""
    classes = predictions.shape[1]
    actual_NC = np.eye(classes)[targets]
    decided_NC = np.eye(classes)[decide(predictions, threshold)]
    ranked = range(classes) if classes > 2 else [1]
    areas_C2B = [_areas(actual_NC[:, c], predictions[:, c], weights) for c in ranked]
    support, decided = weights @ actual_NC, weights @ decided_NC
    hits = weights @ (actual_NC * decided_NC)
    observed, predicted, bins = reliability(targets, predictions)
    gaps = weights @ ((observed - predicted)[:, None] * np.eye(BINS)[bins])
    squared = ((predictions - actual_NC) ** 2).sum(axis=1) / (2 if classes == 2 else 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "average_precision": _mean([areas[0] for areas in areas_C2B]),
            "roc_auc": _mean([areas[1] for areas in areas_C2B]),
            "f1_macro": _mean((2 * hits / (support + decided)).T),
            "balanced_accuracy": _mean((hits / support).T),
            "log_loss": weights @ row_loss(targets, predictions) / weights.sum(axis=1),
            "brier_score": weights @ squared / weights.sum(axis=1),
            "ece": np.abs(gaps).sum(axis=1) / weights.sum(axis=1),
        }


def _areas(actual: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the areas under the precision-recall and ROC curves, (2, B); ties are one step."""
    order = np.argsort(-scores, kind="stable")
    weights, actual = np.take(weights, order, axis=1), actual[order]
    starts = np.append(0, np.flatnonzero(np.diff(scores[order])) + 1)
    positive = np.add.reduceat(actual, starts) > 0
    starts = starts[positive | np.append(True, positive[:-1])]  # steps without one are as good as 1
    more_hits = np.add.reduceat(weights * actual, starts, axis=1)
    more_alarms = np.add.reduceat(weights, starts, axis=1) - more_hits
    hits, alarms = np.cumsum(more_hits, axis=1), np.cumsum(more_alarms, axis=1)
    precision = hits / np.maximum(hits + alarms, 1e-9)
    positives, negatives = hits[:, -1], alarms[:, -1]
    area = (more_alarms * (hits - more_hits / 2)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        average_precision = (more_hits * precision).sum(axis=1) / positives
        return np.stack([average_precision, area / (positives * negatives)])


def _mean(values_CB: np.ndarray | list[np.ndarray]) -> np.ndarray:
    """Average over the classes that occur."""
    known = ~np.isnan(values_CB)
    return np.where(known, values_CB, 0.0).sum(axis=0) / known.sum(axis=0)


def row_loss(targets: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return each row's log loss, (N,) float64."""
    chosen = predictions[np.arange(len(targets)), targets].astype(np.float64)
    return -np.log(np.clip(chosen, np.finfo(np.float32).eps, 1.0))


def reliability(targets: np.ndarray, predictions: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return if the positive (of three or more: the likeliest) class came true, its probability,
    and its bin of equally many rows, (N,) each."""
    if predictions.shape[1] == 2:
        observed, predicted = targets == 1, predictions[:, 1]
    else:
        observed, predicted = predictions.argmax(axis=1) == targets, predictions.max(axis=1)
    edges = np.quantile(predicted, np.arange(1, BINS) / BINS)
    return observed.astype(np.float64), predicted, np.searchsorted(edges, predicted, side="right")


def decide(predictions: np.ndarray, threshold: float | None) -> np.ndarray:
    """Return (N,) int64 label codes: the likeliest, or the positive one from `threshold` on."""
    if threshold is None:
        return predictions.argmax(axis=1)
    return (predictions[:, 1] >= np.float32(threshold)).astype(np.int64)


def choose_threshold(targets: np.ndarray, predictions: np.ndarray) -> float | None:
    """Return the threshold with the best macro-F1, midway between two positive probabilities."""
    levels, level = np.unique(predictions[:, 1], return_inverse=True)
    if predictions.shape[1] != 2 or len(levels) == 1:
        return None
    # How many rows, and hits among them, are called positive at each threshold, highest first.
    rows = np.bincount(level)[::-1].cumsum()[:-1]
    hits = np.bincount(level, weights=targets)[::-1].cumsum()[:-1]
    positives, others = targets.sum(), len(targets) - targets.sum()
    rejected = len(targets) - rows - (positives - hits)
    f1 = hits / (rows + positives) + rejected / (len(targets) - rows + others)
    best = len(levels) - 2 - int(np.argmax(f1))
    below, above = levels[best], levels[best + 1]
    middle = np.float32((float(below) + float(above)) / 2)
    return float(middle if middle > below else above)


def mistakes(targets: np.ndarray, predictions: np.ndarray, threshold: float | None) -> np.ndarray:
    """Return the positions of wrong rows, most confident first, the true classes by turns."""
    order = np.argsort(-row_loss(targets, predictions), kind="stable")
    wrong = order[(decide(predictions, threshold) != targets)[order]]
    turn = pd.Series(targets[wrong]).groupby(targets[wrong]).cumcount().to_numpy()
    return wrong[np.argsort(turn, kind="stable")]
