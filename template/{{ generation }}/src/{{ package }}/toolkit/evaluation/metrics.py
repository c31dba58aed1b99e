"""What is measured of a language model: how likely it finds the answers that people gave.

Targets are the bytes of each answer, so that models of different tokens can be compared; the two
columns of predictions are the nats that it costs, and its tokens, NaN if there are none.
Shapes: B resamples, N rows.
"""

import numpy as np

GREATER_IS_BETTER = {"bits_per_byte": False, "perplexity": False}
TAILED = ("bits_per_byte", "perplexity")  # metrics that a few rows may decide
PROPORTIONS: tuple[str, ...] = ()  # metrics between 0 and 1
ROW_LOSS = "bits per byte"
COLUMNS = ("nats", "tokens")  # of predictions.csv
MISTAKES = {
    "title": "Least likely answers",
    "causes": "answers that nobody should give",
    "numbers": 3,
}  # in the report
OUTPUT = ("answer", "string")  # of an export: name and type
OF_EXPORTS = False  # an export gives the answers, not how likely it finds any
BINS = 10


def resample(
    targets: np.ndarray, predictions: np.ndarray, threshold: float | None, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return {metric: (B,)} for (B, N) row weights, such as how often a bootstrap drew each row."""
    nats, tokens = (weights @ predictions.astype(np.float64)).T
    size = weights @ targets.astype(np.float64)
    return {"bits_per_byte": nats / np.log(2) / size, "perplexity": np.exp(nats / tokens)}


def row_loss(targets: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return the bits per byte of each row's answer, (N,) float64."""
    return predictions[:, 0].astype(np.float64) / np.log(2) / targets


def reliability(targets: np.ndarray, predictions: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return bytes and tokens of each answer, and its bin of equally many rows, (N,) each."""
    edges = np.quantile(targets, np.arange(1, BINS) / BINS)
    bins = np.searchsorted(edges, targets, side="right")
    return targets.astype(np.float64), predictions[:, 1].astype(np.float64), bins


def decide(predictions: np.ndarray, threshold: float | None) -> np.ndarray:
    """Return the predictions: there is nothing to decide."""
    return predictions


def choose_threshold(targets: np.ndarray, predictions: np.ndarray) -> float | None:
    """Return None: likelihoods need no threshold."""
    return None


def mistakes(targets: np.ndarray, predictions: np.ndarray, threshold: float | None) -> np.ndarray:
    """Return the rows' positions, the least likely answer first."""
    return np.argsort(-row_loss(targets, predictions), kind="stable")
