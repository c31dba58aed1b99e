"""Where a model fails: slices that are worse than the rest, confident mistakes, calibration."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ttest_ind

from ..tables.schema import Schema, readable
from ..tables.split import Split, slices
from . import metrics

MIN_ROWS = 30  # of a slice: means of fewer rows are too noisy
MISTAKES = 50
LEVEL = 0.05  # family-wise error rate: any slice reported although none is worse


@dataclass(frozen=True)
class Extras:
    """What a kind of input adds to an evaluation, shown by its fragments of the report.

    tables    by file name, for evaluation/
    files     by path in evaluation/
    facts     for details.json
    notes     warnings for the user
    failures  reasons for which the model fails its evaluation
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def tables(
    test: Split, predictions: np.ndarray, threshold: float | None, schema: Schema
) -> dict[str, pd.DataFrame]:
    """Return the tables of evaluation/ by file name."""
    rows = _predictions(test, predictions, threshold, schema.labels)
    worst = metrics.mistakes(test.targets, predictions, threshold)[:MISTAKES]
    raw = _readable(test.inputs.iloc[worst], schema)
    return {
        "predictions": rows,
        "mistakes": pd.concat([rows.iloc[worst].reset_index(drop=True), raw], axis=1),
        "slices": _slices(test, predictions, schema),
        "calibration": _calibration(test.targets, predictions),
    }


def _predictions(
    test: Split, predictions: np.ndarray, threshold: float | None, labels: list[str] | None
) -> pd.DataFrame:
    ids = pd.Index(test.ids, name="id")
    if labels is None:
        columns = dict(zip(metrics.COLUMNS, predictions.reshape(len(ids), -1).T, strict=True))
        return pd.DataFrame({"truth": test.targets, **columns}, ids).reset_index()
    names = np.array(labels)
    decided = names[metrics.decide(predictions, threshold)]
    table = pd.DataFrame(predictions, ids, [f"p({label})" for label in labels])
    table.insert(0, "truth", names[test.targets])
    table.insert(1, "decision", decided)
    return table.reset_index()


def _readable(inputs: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    table = inputs.reset_index(drop=True)
    for column in schema.described:
        if column.kind != "category":
            table[column.name] = [readable(value, column) for value in table[column.name]]
    return table


def _slices(test: Split, predictions: np.ndarray, schema: Schema) -> pd.DataFrame:
    """Compare each slice's mean loss with the rest's: Welch's t-test, one-sided, then Holm 1979."""
    loss = metrics.row_loss(test.targets, predictions)
    observed, predicted, _ = metrics.reliability(test.targets, predictions)
    found = []
    for column, value, mask in slices(test.inputs, schema):
        if min(mask.sum(), (~mask).sum()) < MIN_ROWS:
            continue
        test_of_means = ttest_ind(loss[mask], loss[~mask], equal_var=False, alternative="greater")
        found.append(
            {
                "column": column,
                "value": value,
                "rows": int(mask.sum()),
                "loss": loss[mask].mean(),
                "loss_elsewhere": loss[~mask].mean(),
                "observed": observed[mask].mean(),
                "predicted": predicted[mask].mean(),
                "p": float(np.nan_to_num(test_of_means.pvalue, nan=1.0)),
            }
        )
    names = ["column", "value", "rows", "loss", "loss_elsewhere", "observed", "predicted", "p"]
    table = pd.DataFrame(found, columns=names).sort_values("p", kind="stable", ignore_index=True)
    holm = (table["p"] * np.arange(len(table), 0, -1)).cummax()
    return table.assign(p=holm.clip(upper=1.0), worse=holm < LEVEL)


def _calibration(targets: np.ndarray, predictions: np.ndarray) -> pd.DataFrame:
    observed, predicted, bins = metrics.reliability(targets, predictions)
    table = pd.DataFrame({"bin": bins, "predicted": predicted, "observed": observed})
    return table.groupby("bin").agg(
        rows=("predicted", "size"), predicted=("predicted", "mean"), observed=("observed", "mean")
    )
