"""How sure a number is: the percentile bootstrap (Efron & Tibshirani 1993), paired between models."""

import math

import numpy as np

from . import metrics

WORK = 40_000_000  # numbers weighed: 1,000 resamples up to 20,000 rows of two classes, then fewer
CELLS = 1_000_000  # numbers weighed at once, which bounds the memory
Candidate = tuple[np.ndarray, float | None]  # predictions, threshold
Scores = dict[str, np.ndarray]


def count(predictions: np.ndarray, wanted: int) -> int:
    """Return how many resamples to draw: `wanted`, or what large test sets leave time for."""
    return max(100, min(wanted, WORK // predictions.size))


def draw(
    targets: np.ndarray, candidates: dict[str, Candidate], resamples: int, seed: int
) -> dict[str, Scores]:
    """Score every candidate on the same resamples of rows: {name: {metric: (resamples,)}}."""
    rows = len(targets)
    rng = np.random.default_rng(seed)
    parts: dict[str, list[Scores]] = {name: [] for name in candidates}
    step = max(1, CELLS // rows)
    for start in range(0, resamples, step):
        picks = [rng.integers(rows, size=rows) for _ in range(min(step, resamples - start))]
        weights = np.stack([np.bincount(pick, minlength=rows) for pick in picks]).astype(float)
        for name, candidate in candidates.items():
            parts[name].append(metrics.resample(targets, *candidate, weights))
    return {name: _join(scores) for name, scores in parts.items()}


def _join(parts: list[Scores]) -> Scores:
    return {metric: np.concatenate([part[metric] for part in parts]) for metric in parts[0]}


def interval(values: np.ndarray) -> list[float]:
    """Return the 95 % percentile interval; resamples in which a metric is undefined don't count."""
    known = values[~np.isnan(values)]
    if not len(known):
        return [math.nan, math.nan]
    low, high = np.percentile(known, [2.5, 97.5])
    return [float(low), float(high)]
