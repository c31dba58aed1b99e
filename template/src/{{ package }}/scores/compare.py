"""The model beside what it has to beat, on the same bootstrap resamples (Efron & Tibshirani 1993).

The gate: the primary metric must surely beat each naive baseline (one that ignores its inputs): the
95 % interval of the paired difference lies above zero. Other models do not gate, but where the
model is not surely better than a plain one, the verdict says so.
"""

import math
from typing import Any

import numpy as np

from ..config import Config
from . import metrics

WORK = 40_000_000  # numbers weighed: 1,000 resamples up to 20,000 rows of two classes, then fewer
CELLS = 1_000_000  # numbers weighed at once, which bounds the memory
PLAIN = ("linear", "n-gram")  # the simplest that may do: a project has one of them
BEFORE = "before"  # an earlier run, which is named
MODELS = (*PLAIN, "boosting", "start", "teacher", BEFORE)  # those that do not gate
Candidate = tuple[np.ndarray, float | None]  # predictions, threshold
Scores = dict[str, np.ndarray]


def count(predictions: np.ndarray, wanted: int) -> int:
    """Return how many resamples to draw: `wanted`, or what large test sets leave time for."""
    return max(100, min(wanted, WORK // predictions.size))


def compare(
    targets: np.ndarray, candidates: dict[str, Candidate], resamples: int, config: Config
) -> dict[str, Any]:
    """Return each model's metrics and intervals, the gain over it, and the best naive one."""
    drawn = _draw(targets, candidates, resamples, config.seed)
    models, gains = {}, {}
    for name, candidate in candidates.items():
        # ece grows with noise: its resamples lie above the estimate, so they give no interval
        known = {m: _interval(v) for m, v in drawn[name].items() if m != "ece"}
        models[name] = {"metrics": metrics.score(targets, *candidate), "interval": known}
        gains[name] = _interval(_gain(drawn["model"], drawn[name], config.evaluate.primary))
    del gains["model"]
    naive = [name for name in gains if name not in MODELS]
    best = min(naive, key=lambda name: gains[name][0])
    plain = next(name for name in PLAIN if name in gains)
    return {"models": models, "gains": gains, "baseline": best, "plain": plain}


def verdict(compared: dict[str, Any], config: Config) -> tuple[str, bool]:
    """Say how the model stands, and whether it passes the gate."""
    best, primary = compared["baseline"], config.evaluate.primary
    value, base = (compared["models"][name]["metrics"][primary] for name in ("model", best))
    low, high = compared["models"]["model"]["interval"][primary]
    passed = compared["gains"][best][0] > 0
    beats = "beats" if passed else "does not surely beat"
    text = (
        f"{primary} {value:.4g} ({low:.4g} to {high:.4g}) {beats} the {best} baseline's {base:.4g}"
    )
    if BEFORE in compared["gains"]:
        text = f"{text}; {_since(*compared['gains'][BEFORE])} the run before"
    plain = compared["plain"]
    least, most = compared["gains"][plain]
    if most < 0:
        return f"{text}; a plain {plain} model is better: take that", passed
    if least > 0 or config.model.name == plain:
        return text, passed
    return f"{text}; it is not surely better than a plain {plain} model", passed


def _since(least: float, most: float) -> str:
    if least > 0:
        return "surely better than"
    return "surely worse than" if most < 0 else "not surely different from"


def _draw(
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


def _interval(values: np.ndarray) -> list[float]:
    """Return the 95 % percentile interval; resamples in which a metric is undefined don't count."""
    known = values[~np.isnan(values)]
    if not len(known):
        return [math.nan, math.nan]
    low, high = np.percentile(known, [2.5, 97.5])
    return [float(low), float(high)]


def _gain(model: Scores, other: Scores, metric: str) -> np.ndarray:
    """Return how much better the model is than another one on each resample."""
    sign = 1 if metrics.GREATER_IS_BETTER[metric] else -1
    return sign * (model[metric] - other[metric])
