"""Evaluate a model on the test rows: metrics with intervals, beside the baselines to beat."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .baseline import NAIVE, PLAIN, baselines
from .config import Config
from .restore import trained
from .toolkit.evaluation import compare, errors, scores
from .toolkit.evaluation.extras import evaluation
from .toolkit.export import measure
from .toolkit.runs import log_test_set, read_json, replacing, write_text
from .toolkit.tables.split import Split, Splits


@dataclass(frozen=True)
class Evaluation:
    """The verdict in one sentence, and what each JSON file, table and other file will hold."""

    verdict: str
    files: dict[str, dict[str, Any]]
    tables: dict[str, pd.DataFrame]
    others: dict[str, bytes]


def evaluate(
    predict: measure.Predict,
    splits: Splits,
    test: Split,
    threshold: float | None,
    config: Config,
    lineage: dict[str, Path],
    others: dict[str, measure.Predict],
) -> Evaluation:
    """Score `predict` on rows that it has never seen, beside baselines, relatives and `others`.

    `lineage` holds the folder of the run ("model"), and of the runs that it comes from.
    """
    predictions, refit = predict(test.inputs), _refit(lineage["model"])
    candidates = _candidates(splits, config, lineage) | others
    thresholds = {name: _threshold(each, splits) for name, each in candidates.items()}
    if refit:  # the baselines may have seen what the model has
        candidates |= baselines(replace(splits, train=splits.joined()), config)
    scored = {name: (each(test.inputs), thresholds[name]) for name, each in candidates.items()}
    resamples = compare.count(predictions, config.evaluate.resamples)
    models = {"model": (predictions, threshold)} | scored
    compared = compare.compare(test.targets, models, NAIVE, resamples, config)
    model, schema = compared["models"]["model"], splits.schema
    verdict, passed = compare.verdict(compared, PLAIN, config)
    tables = errors.tables(test, predictions, threshold, schema)
    predictors = {"model": predict} | candidates
    extras = evaluation(predictors, splits, test, threshold, tables["mistakes"], config)
    verdict = "; ".join([verdict, *extras.failures])
    notes = [*extras.notes, *compare.notes(test.targets, schema.labels, model["metrics"])]
    files = {
        "metrics": {"split": "test", **model, **_gate(compared, passed, config)},
        "details": {
            "verdict": verdict,
            "notes": notes,
            "failures": extras.failures,
            "target": schema.target,
            "labels": schema.labels,
            "threshold": threshold,
            "refit": refit,
            "rows": len(test.targets),
            "resamples": resamples,
            **compared,
            "plain": PLAIN,
            **extras.facts,
            "test_set": hashlib.sha256(np.sort(test.ids).tobytes()).hexdigest(),
            "predictions": hashlib.sha256(predictions.tobytes()).hexdigest(),
        },
        "cost": _cost(lineage, test.inputs),
    }
    return Evaluation(verdict, files, tables | extras.tables, extras.files)


def _gate(compared: dict[str, Any], passed: bool, config: Config) -> dict[str, Any]:
    """Return what metrics.json says of the baseline, and whether the model beats it."""
    return {
        "baseline": compared["models"][compared["baseline"]]["metrics"],
        "primary": config.evaluate.primary,
        "beats_baseline": passed,
    }


def _cost(lineage: dict[str, Path], inputs: pd.DataFrame) -> dict[str, Any]:
    """Return the cost of a prediction on this machine: the model's, and that of each relative."""
    runs = {role: measure.of_model(trained, run, inputs) for role, run in lineage.items()}
    return runs["model"] | measure.machine() | {"runs": runs if len(runs) > 1 else {}}


def _candidates(
    splits: Splits, config: Config, lineage: dict[str, Path]
) -> dict[str, measure.Predict]:
    """Return the baselines, and the models of the runs that this one comes from."""
    roles = [role for role in lineage if role != "model"]
    return baselines(splits, config) | {r: trained(lineage[r] / "model") for r in roles}


def _refit(run: Path) -> bool:
    """Return whether a run's model was fitted on the validation rows too, in the end."""
    return bool(read_json(run / "model/decision.json").get("refit", False))


def _threshold(candidate: Any, splits: Splits) -> float | None:
    """Return the best threshold on validation rows; an export, which may know them, has its own."""
    if hasattr(candidate, "contract"):
        return candidate.contract["outputs"]["threshold"]
    return scores.threshold(candidate, splits)


def write(evaluation: Evaluation, run: Path) -> bool:
    """Write metrics.json and evaluation/ of a run; return whether the model passed its gate."""
    with replacing(run / "evaluation") as folder:
        folder.mkdir()
        for name, table in evaluation.tables.items():
            path = folder / f"{name}.csv"
            table.to_csv(path, index=False, float_format="%.9g", lineterminator="\n")
        for name in ("details", "cost"):
            _write_json(folder / f"{name}.json", evaluation.files[name])
        for name, content in evaluation.others.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
    _write_json(run / "metrics.json", evaluation.files["metrics"])
    details = evaluation.files["details"]
    log_test_set(run, details["test_set"], details["predictions"])
    return evaluation.files["metrics"]["beats_baseline"] and not details["failures"]


def _write_json(path: Path, content: dict[str, Any]) -> None:
    """Write 9 digits, which hold a float32 and hide the order of additions; NaN becomes null."""
    nine: Any = {"parse_float": lambda number: float(f"{float(number):.9g}")}
    plain = json.loads(json.dumps(content), **nine, parse_constant=lambda _: None)
    write_text(path, json.dumps(plain, indent=2) + "\n")
