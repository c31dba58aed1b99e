"""What is measured of a regression model, by scikit-learn's names.

Shapes: B resamples, N rows.
"""

import numpy as np

GREATER_IS_BETTER = {"mae": False, "rmse": False, "r2": True, "median_absolute_error": False}
TAILED = ("mae", "rmse", "r2")  # metrics that a few rows may decide
PROPORTIONS: tuple[str, ...] = ()  # metrics between 0 and 1
ROW_LOSS = "absolute error"
COLUMNS = ("prediction",)  # of predictions.csv
MISTAKES = {
    "title": "Largest errors",
    "causes": "wrong values and missing columns",
    "numbers": 2,
}  # in the report
OUTPUT = ("values", "float32")  # of an export: name and type
OF_EXPORTS = True  # an export predicts what the metrics take
BINS = 10


def resample(
    targets: np.ndarray, predictions: np.ndarray, threshold: float | None, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return {metric: (B,)} for (B, N) row weights, such as how often a bootstrap drew each row."""
    total = weights.sum(axis=1)
    actual = targets.astype(np.float64)
    error = row_loss(targets, predictions)
    squared = weights @ error**2 / total
    centre = weights @ actual / total
    spread = weights @ (actual - actual.mean()) ** 2 / total - (centre - actual.mean()) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "mae": weights @ error / total,
            "rmse": np.sqrt(squared),
            "r2": 1 - squared / spread,
            "median_absolute_error": _median(error, weights),
        }


def _median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted medians, (B,); halfway between two values where the weights tie."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[:, order], axis=1)
    half = reached[:, -1:] / 2
    last = len(values) - 1
    lower, upper = (reached < half).sum(axis=1), (reached <= half).sum(axis=1).clip(max=last)
    return (values[order][lower] + values[order][upper]) / 2


def row_loss(targets: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return each row's absolute error, (N,) float64 in the target's unit."""
    return np.abs(targets.astype(np.float64) - predictions)


def reliability(targets: np.ndarray, predictions: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the observed and the predicted value and its bin of equally many rows, (N,) each."""
    edges = np.quantile(predictions, np.arange(1, BINS) / BINS)
    bins = np.searchsorted(edges, predictions, side="right")
    return targets.astype(np.float64), predictions, bins


def decide(predictions: np.ndarray, threshold: float | None) -> np.ndarray:
    """Return the values: there is nothing to decide."""
    return predictions


def choose_threshold(targets: np.ndarray, predictions: np.ndarray) -> float | None:
    """Return None: a value needs no threshold."""
    return None


def mistakes(targets: np.ndarray, predictions: np.ndarray, threshold: float | None) -> np.ndarray:
    """Return the rows' positions, the largest error first."""
    return np.argsort(-row_loss(targets, predictions), kind="stable")
