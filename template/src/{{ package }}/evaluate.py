"""Judge a model on the held-out rows: metrics with intervals, beside what it has to beat.

The gate: the primary metric must beat every naive baseline (one that ignores its inputs) surely, that
is, the 95 % interval of the paired difference lies above zero. The linear baseline does not gate, but
where the model is not surely better than it, the verdict says so.
"""

import csv
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from . import bootstrap, cost, errors, metrics
from .baseline import baselines
from .config import Config
from .data import Split, Splits
from .runs import replacing, write_text

LOG = "test-evaluations.csv"  # beside the runs: which models each test set has judged


@dataclass(frozen=True)
class Evaluation:
    """A verdict in one sentence, and what `write` puts into metrics.json and evaluation/."""

    verdict: str
    metrics: dict[str, Any]
    files: dict[str, dict[str, Any]]
    tables: dict[str, pd.DataFrame]


def evaluate(
    predict: Callable[[pd.DataFrame], np.ndarray],
    splits: Splits,
    test: Split,
    threshold: float | None,
    config: Config,
) -> Evaluation:
    """Score `predict` (canonical inputs -> predictions) on rows that it has never seen."""
    predictions = predict(test.inputs)
    candidates = {"model": (predictions, threshold)} | _rivals(splits, test)
    resamples = bootstrap.count(predictions, config.evaluate.resamples)
    drawn = bootstrap.draw(test.targets, candidates, resamples, config.seed)
    models = {
        name: {
            "metrics": metrics.score(test.targets, *candidate),
            # ece grows with noise: its resamples lie above the estimate, so they give no interval
            "interval": {m: bootstrap.interval(v) for m, v in drawn[name].items() if m != "ece"},
        }
        for name, candidate in candidates.items()
    }
    primary = config.evaluate.primary
    gains = {name: _gain(models, drawn, name, primary) for name in candidates if name != "model"}
    naive = [name for name in gains if np.ptp(candidates[name][0], axis=0).max() == 0]
    best = min(naive, key=lambda name: gains[name][0])
    details = {
        "target": splits.schema.target,
        "labels": splits.schema.labels,
        "threshold": threshold,
        "rows": len(test.targets),
        "resamples": resamples,
        "baseline": best,
        "gains": gains,
        "models": models,
        "test_set": hashlib.sha256(np.sort(test.ids).tobytes()).hexdigest(),
        "predictions": hashlib.sha256(predictions.tobytes()).hexdigest(),
    }
    summary = {
        "split": "test",
        **models["model"],
        "baseline": models[best]["metrics"],
        "primary": primary,
        "beats_baseline": all(gains[name][1] > 0 for name in naive),
    }
    details["verdict"] = _verdict(summary, details)
    return Evaluation(
        verdict=details["verdict"],
        metrics=summary,
        files={"details": details, "cost": cost.measure(predict, test.inputs)},
        tables=errors.tables(test, predictions, threshold, splits.schema),
    )


def _rivals(splits: Splits, test: Split) -> dict[str, bootstrap.Candidate]:
    """Return each baseline with the threshold that suits it on validation rows."""
    val = baselines(splits.train, splits.val.inputs)
    cuts = {name: metrics.choose_threshold(splits.val.targets, val[name]) for name in val}
    return {name: (p, cuts[name]) for name, p in baselines(splits.train, test.inputs).items()}


def _gain(models: dict, drawn: dict[str, bootstrap.Scores], name: str, metric: str) -> list[float]:
    """Return how much better the model is than `name`, and the paired interval of that."""
    sign = 1 if metrics.GREATER_IS_BETTER[metric] else -1
    gain = models["model"]["metrics"][metric] - models[name]["metrics"][metric]
    return [sign * gain, *bootstrap.interval(sign * (drawn["model"][metric] - drawn[name][metric]))]


def _verdict(summary: dict[str, Any], details: dict[str, Any]) -> str:
    primary, (_, low, high) = summary["primary"], details["gains"]["linear"]
    text = (
        f"{primary} {summary['metrics'][primary]:.4g} "
        f"({' to '.join(f'{end:.4g}' for end in summary['interval'][primary])}) "
        f"{'beats' if summary['beats_baseline'] else 'does not surely beat'} "
        f"the {details['baseline']} baseline's {summary['baseline'][primary]:.4g}"
    )
    if high < 0:
        return f"{text}; a linear model is better: use model.name=linear"
    return text if low > 0 else f"{text}; it is not surely better than a linear model"


def write(evaluation: Evaluation, run: Path) -> bool:
    """Write metrics.json and evaluation/ of a run; return whether the model passed its gate."""
    with replacing(run / "evaluation") as scratch:
        scratch.mkdir()
        for name, table in evaluation.tables.items():
            table.to_csv(scratch / f"{name}.csv", index=False, lineterminator="\n")
        for name, content in evaluation.files.items():
            write_text(scratch / f"{name}.json", json.dumps(_rounded(content), indent=2))
    write_text(run / "metrics.json", json.dumps(_rounded(evaluation.metrics), indent=2))
    _remember(evaluation, run)
    return evaluation.metrics["beats_baseline"]


def _rounded(value: Any) -> Any:
    """Keep 6 digits, on which the number of threads has no say; NaN, which JSON lacks, becomes null."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, float):
        return None if np.isnan(value) else float(f"{value:.6g}")
    return value
