"""Figures of a regression model's held-out rows."""

import numpy as np
from matplotlib.axes import Axes

from .figures import BLUE, INK, ORANGE, draw
from .metrics import reliability

POINTS = 800  # dots a scatter plot stays readable with


def figures(
    targets: np.ndarray, predictions: np.ndarray, threshold: float | None, labels: list[str] | None
) -> dict[str, str]:
    """Return {caption: SVG}; targets and predictions are (rows,) float32."""
    rows = np.random.default_rng(0).permutation(len(targets))[:POINTS]
    actual, predicted = targets[rows], predictions[rows]
    errors = predictions.astype(np.float64) - targets
    return {
        "Predicted against actual; dashed: a perfect model": draw(
            "predicted and actual", lambda axes: _agreement(axes, actual, predicted)
        ),
        "Error against prediction: a slope or a funnel is structure that the model missed": draw(
            "residuals", lambda axes: _residuals(axes, predicted, actual)
        ),
        "Errors; half lie between the dotted lines": draw(
            "errors", lambda axes: _errors(axes, errors)
        ),
        "Calibration: a dot for a tenth of the rows; dashed: predictions are true on average": draw(
            "calibration", lambda axes: _calibration(axes, targets, predictions)
        ),
    }


def _agreement(axes: Axes, actual: np.ndarray, predicted: np.ndarray) -> None:
    ends = [min(actual.min(), predicted.min()), max(actual.max(), predicted.max())]
    axes.plot(ends, ends, color=INK, linestyle="--", linewidth=0.8)
    axes.plot(actual, predicted, "o", color=BLUE, alpha=0.5, markersize=3.5, markeredgewidth=0)
    axes.set(xlabel="actual", ylabel="predicted")


def _residuals(axes: Axes, predicted: np.ndarray, actual: np.ndarray) -> None:
    axes.axhline(0, color=INK, linestyle="--", linewidth=0.8)
    error = predicted - actual
    axes.plot(predicted, error, "o", color=BLUE, alpha=0.5, markersize=3.5, markeredgewidth=0)
    axes.set(xlabel="predicted", ylabel="predicted - actual")


def _errors(axes: Axes, errors: np.ndarray) -> None:
    low, high = np.quantile(errors, [0.005, 0.995])
    bins = int(np.clip(np.sqrt(len(errors)), 10, 50))
    axes.hist(np.clip(errors, low, high), bins, color=BLUE, alpha=0.7)
    axes.axvline(0, color=INK, linestyle="--", linewidth=0.8)
    for quartile in np.quantile(errors, [0.25, 0.75]):
        axes.axvline(quartile, color=ORANGE, linestyle=":", linewidth=1.2)
    axes.set(xlabel="predicted - actual", ylabel="rows")


def _calibration(axes: Axes, targets: np.ndarray, predictions: np.ndarray) -> None:
    observed, predicted, bins = reliability(targets, predictions)
    groups = [bins == b for b in np.unique(bins)]
    mean = np.array([predicted[group].mean() for group in groups])
    share = np.array([observed[group].mean() for group in groups])
    bars = [1.96 * observed[group].std() / np.sqrt(group.sum()) for group in groups]
    ends = [min(mean.min(), share.min()), max(mean.max(), share.max())]
    axes.plot(ends, ends, color=INK, linestyle="--", linewidth=0.8)
    axes.errorbar(mean, share, bars, color=BLUE, marker="o", markersize=4, elinewidth=0.8)
    axes.set(xlabel="mean prediction", ylabel="mean of the target")
