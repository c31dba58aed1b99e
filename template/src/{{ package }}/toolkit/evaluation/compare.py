"""The model beside its baselines, on the same bootstrap resamples (Efron & Tibshirani 1993).

The gate: in the primary metric, the model must significantly outperform each naive baseline (one
that ignores its inputs): the 95 % interval of the paired difference lies above zero. Other models
are no gate, but the verdict says where the model does not significantly outperform a plain one.

Intervals of metrics are bias-corrected and accelerated (BCa: Efron, Better bootstrap confidence
intervals, 1987): plain percentiles of average precision, of ROC-AUC and of squared errors lie to
one side. Differences of two models have standard errors instead, since BCa calls too many of them
significant.
Shapes: B resamples, N rows.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logit, ndtr, ndtri, stdtrit

from ..config import BaseConfig
from ..settings.common import Metric
from . import metrics, scores

WORK = 40_000_000  # numbers weighed: 1,000 resamples up to 20,000 rows of two classes, then fewer
CELLS = 1_000_000  # numbers weighed at once, which bounds the memory
BEFORE = "before"  # an earlier run, which is named
FEW = 10  # rows of a class: with fewer, intervals do not reach their coverage
USUAL = 0.05  # size of accelerations and of 1 / degrees of freedom
Candidate = tuple[np.ndarray, float | None]  # predictions, threshold


@dataclass(frozen=True)
class Drawn:
    """A metric on all rows, on (B,) resamples, and what each of (N,) rows moves it by."""

    point: float
    values: np.ndarray
    influence: np.ndarray
    tailed: bool
    proportion: bool


def count(predictions: np.ndarray, wanted: int) -> int:
    """Return how many resamples to draw: `wanted`, or what large test sets leave time for."""
    return max(100, min(wanted, WORK // predictions.size))


def compare(
    targets: np.ndarray,
    candidates: dict[str, Candidate],
    naive: Sequence[str],
    resamples: int,
    config: BaseConfig,
) -> dict[str, Any]:
    """Return each model's metrics and intervals, the gain over it, and the best `naive` model."""
    drawn = draw(targets, candidates, resamples, config.seed, config.evaluate.OWN)
    primary = config.evaluate.primary
    sign = scores.sign(config.evaluate)
    models, gains = {}, {}
    for name, found in drawn.items():
        # ece grows with noise: its resamples lie above the estimate, so they give no interval
        known = {metric: interval(each) for metric, each in found.items() if metric != "ece"}
        points = {metric: each.point for metric, each in found.items()}
        models[name] = {"metrics": points, "interval": known}
        gains[name] = gain(drawn["model"][primary], found[primary], sign)
    del gains["model"]
    lowest = {name: np.nan_to_num(gains[name][0], nan=-math.inf) for name in naive if name in gains}
    best = min(lowest, key=lambda name: lowest[name])
    return {"models": models, "gains": gains, "baseline": best}


def notes(targets: np.ndarray, labels: list[str] | None, scores: dict[str, float]) -> list[str]:
    """Return notes on undefined metrics, and on too few rows for intervals."""
    found = []
    counts = np.bincount(targets, minlength=len(labels)).tolist() if labels else []
    few = [label for label, count in zip(labels or [], counts, strict=True) if count < FEW]
    if few or len(targets) < FEW:
        more = f" and {len(few) - 5} more" if len(few) > 5 else ""
        classes = f" of {', '.join(few[:5])}{more}" if few else ""
        found.append(f"There are fewer than {FEW} test rows{classes}: too few for intervals.")
    undefined = [metric for metric, value in scores.items() if not math.isfinite(value)]
    if undefined:
        same = len(np.unique(targets)) == 1
        cause = "all test rows have the same target" if same else "they are undefined on these rows"
        found.append(f"{' and '.join(undefined)}: no value and no interval, since {cause}.")
    return found


def verdict(compared: dict[str, Any], plain: str, config: BaseConfig) -> tuple[str, bool]:
    """Say how the model compares with its baselines, and whether it passes the gate.

    `plain` names the simplest model that may be good enough.
    """
    best, primary = compared["baseline"], config.evaluate.primary
    value, base = (compared["models"][name]["metrics"][primary] for name in ("model", best))
    low, high = compared["models"]["model"]["interval"][primary]
    passed = compared["gains"][best][0] > 0
    if not math.isfinite(value):
        way = "choose others (data.test, data.time, data.group, seed), or another evaluate.primary"
        return f"{primary} has no value on these test rows: {way}", False
    score = f"{value:.4g} ({low:.4g} to {high:.4g})"
    if not math.isfinite(base):
        return (
            f"{primary} {score} can't be compared with the {best} baseline's, which is undefined: "
            "let the metric return a number for constant predictions, or take another as primary"
        ), False
    beats = "beats" if passed else "does not significantly outperform"
    text = f"{primary} {score} {beats} the {best} baseline's {base:.4g}"
    if BEFORE in compared["gains"]:
        least, most = compared["gains"][BEFORE]
        text = f"{text}; {_since(least, most)} the run before ({least:+.3g} to {most:+.3g})"
    least, most = compared["gains"][plain]
    if most < 0:
        advice = "prefer it, or improve this one"
        return f"{text}; a plain {plain} model is significantly better: {advice}", passed
    if least > 0 or config.model.name == plain:
        return text, passed
    return f"{text}; it does not significantly outperform a plain {plain} model", passed


def _since(least: float, most: float) -> str:
    if least > 0:
        return "significantly better than"
    return "significantly worse than" if most < 0 else "not significantly different from"


def draw(
    targets: np.ndarray,
    candidates: dict[str, Candidate],
    resamples: int,
    seed: int,
    own: Mapping[str, Metric] | None = None,
) -> dict[str, dict[str, Drawn]]:
    """Score every candidate on the same resamples of rows: {name: {metric: what was drawn}}."""
    rows = len(targets)
    rng = np.random.default_rng(seed)
    points = {name: scores.score(targets, *each, own) for name, each in candidates.items()}
    values = {name: np.empty((len(points[name]), resamples)) for name in candidates}
    products = {name: np.zeros((len(points[name]), rows)) for name in candidates}
    drawn = np.zeros(rows)
    step = max(1, CELLS // rows)
    for start in range(0, resamples, step):
        picks = rng.integers(rows, size=(min(step, resamples - start), rows))
        picks += np.arange(len(picks))[:, None] * rows  # counted at once, each resample apart
        counts = np.bincount(picks.ravel(), minlength=picks.size)
        weights = counts.reshape(picks.shape).astype(float)
        drawn += weights.sum(axis=0)
        for name, candidate in candidates.items():
            sampled = scores.resample(targets, *candidate, weights, own)
            values[name][:, start : start + step] = list(sampled.values())
            moved = [_moved(sampled[metric], point) for metric, point in points[name].items()]
            products[name] += np.stack(moved) @ weights
    return {
        name: _join(points[name], values[name], products[name] / resamples, drawn / resamples)
        for name in candidates
    }


def _join(
    points: dict[str, float], values: np.ndarray, products: np.ndarray, drawn: np.ndarray
) -> dict[str, Drawn]:
    """Turn mean products of values and weights into covariances: each row's influence.

    Source: Efron, Estimation and accuracy after model selection, 2014, equation 3.7.
    """
    found = {}
    for metric, value, product in zip(points, values, products, strict=True):
        influence = product - _moved(value, points[metric]).mean() * drawn
        kinds = (metric in metrics.TAILED, metric in metrics.PROPORTIONS)
        found[metric] = Drawn(points[metric], value, influence, *kinds)
    return found


def _moved(values: np.ndarray, point: float) -> np.ndarray:
    """Return how far resamples lie from the point; those in which a metric is undefined don't."""
    known = np.isfinite(values) & math.isfinite(point)
    return np.where(known, values, 0.0) - np.where(known, point, 0.0)


def interval(drawn: Drawn) -> list[float]:
    """Return the 95 % BCa interval; resamples in which a metric is undefined don't count.

    Where a few rows may decide, others might have decided otherwise: Student's t stands for the
    normal distribution, expanded as for a small sample (Hesterberg, What teachers should know about
    the bootstrap, 2015), with the degrees of freedom of a variance made up of such influences
    (Satterthwaite, An approximate distribution of estimates of variance components, 1946).
    NaN if no resample has a value.
    """
    known = drawn.values[np.isfinite(drawn.values)]
    if not len(known) or not math.isfinite(drawn.point):
        return [math.nan, math.nan]
    spread = known.std()
    near = 1e-9 * (abs(drawn.point) + spread)  # sums differ in their last digits
    share = ((known < drawn.point - near).mean() + (known <= drawn.point + near).mean()) / 2
    bias = np.clip(ndtri(share), -1, 1)
    acceleration, freedom = _moments(drawn.influence, spread, len(known))
    expanded = stdtrit(freedom, 0.975) * math.sqrt(1 + 1 / freedom)
    quantile = expanded if drawn.tailed else ndtri(0.975)
    ends = bias + quantile * np.array([-1, 1])
    shares = ndtr(bias + ends / np.maximum(1 - acceleration * ends, 0.1))
    low, high = np.quantile(known, shares)
    return [float(min(low, drawn.point)), float(max(high, drawn.point))]


def gain(model: Drawn, other: Drawn, sign: int) -> list[float]:
    """Return the 95 % interval of how much better a model is: 1.96 standard errors on each side.

    Percentiles and BCa call equal models different too often. The errors of proportions grow
    towards one half, so there the difference of logits decides, in the unit of the difference.
    """
    point = sign * (model.point - other.point)
    known = np.isfinite(model.values) & np.isfinite(other.values)
    if not known.any() or not math.isfinite(point):
        return [math.nan, math.nan]
    error = (model.values - other.values)[known].std()
    if model.proportion:
        edge = 1 / (2 * len(model.influence))
        ours, theirs = np.clip([model.point, other.point], edge, 1 - edge)
        logits = [logit(np.clip(each.values[known], edge, 1 - edge)) for each in (model, other)]
        apart = logit(ours) - logit(theirs)
        slope = (ours - theirs) / apart if abs(apart) > 1e-6 else ours * (1 - ours)
        error = slope * (logits[0] - logits[1]).std()
    half = ndtri(0.975) * error
    return [float(point - half), float(point + half)]


def _moments(influence: np.ndarray, spread: float, resamples: int) -> tuple[float, float]:
    """Return the acceleration and the degrees of freedom of the variance.

    Influences are covariances over few resamples, so each holds noise, of a variance that is known:
    its part in their fourth powers is taken off, and what is left is shrunk towards 0 as far as it
    is noise.
    """
    rows = len(influence)
    if spread == 0:
        return 0.0, math.inf
    influence = influence / spread
    cubes, fourths = (influence**3).sum(), (influence**4).sum()
    noise = 1 / resamples
    signal = max((influence**2).sum() - rows * noise, 0.0)
    fourths -= 6 * noise * signal + 3 * rows * noise**2
    acceleration = _shrunk(cubes / 6, math.sqrt(15 * rows * noise**3) / 6)
    inverse = _shrunk((fourths - 1 / rows) / 2, math.sqrt(96 * rows) * noise**2 / 2)
    return acceleration, 1 / min(max(inverse, 1e-9), 1 / 3)


def _shrunk(value: float, error: float) -> float:
    return float(value * USUAL**2 / (USUAL**2 + error**2))
