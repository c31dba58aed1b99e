"""What the training rows look like, and what in them should make you look twice."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ..data import Split, Splits
from .rows import doubts
from .schema import Column, Schema, readable

SAMPLE = 10_000  # rows looked at for leaks
LEAK = {"roc_auc_ovr": 0.95, "r2": 0.95}  # a single column rarely knows this much
PURE = 0.7  # share of one class in a part of a column's range that is suspicious ...
LIFT = 5  # ... when it is this many times the share overall


def profile(splits: Splits) -> dict[str, Any]:
    """Describe the target and each column of the training rows, with warnings in plain words."""
    train, schema = splits.train, splits.schema
    columns = {c.name: _describe(train.inputs[c.name], c) for c in schema.described}
    twins = len(train.ids) - len(np.unique(train.ids))
    warnings = [*splits.manifest.get("notes", []), *doubts(splits)]
    for column in schema.described:
        warnings += _odd(column, columns[column.name], column in schema.columns)
    if schema.labels or not schema.properties:  # the length of an answer is no secret
        warnings += _leaks(train, schema)
    if twins:
        warnings.append(f"training rows that repeat the inputs of another: {twins}.")
    return {
        "rows": len(train.ids),
        "target": _balance(train.targets, schema.labels),
        "columns": columns,
        "twins": twins,
        "warnings": warnings,
    }


def _balance(targets: np.ndarray, labels: list[str] | None) -> dict[str, float]:
    if labels is None:
        quantiles = np.quantile(targets, [0, 0.25, 0.5, 0.75, 1])
        names = ["min", "25 %", "median", "75 %", "max"]
        return dict(zip(names, map(float, quantiles), strict=True))
    counts = np.bincount(targets, minlength=len(labels))
    return {label: int(count) for label, count in zip(labels, counts, strict=True)}


def _describe(values: pd.Series, column: Column) -> dict[str, Any]:
    if column.kind == "category":
        text = values.astype("str")
        top = text[text != ""].value_counts().head(5)
        return {
            "missing": float((text == "").mean()),
            "distinct": int(text.nunique()),
            "top": {str(level): int(count) for level, count in top.items()},
        }
    low, first, median, third, high = values.quantile([0, 0.25, 0.5, 0.75, 1])
    reach = 3 * (third - first)  # Tukey's outer fences
    outside = (values < first - reach) | (values > third + reach)
    return {
        "missing": float(values.isna().mean()),
        "distinct": int(values.nunique()),
        "low": readable(low, column),
        "median": readable(median, column),
        "high": readable(high, column),
        "outliers": float(outside.mean()) if reach else 0.0,
        "counts_up": bool(values.is_monotonic_increasing and values.is_unique),
    }


def _odd(column: Column, facts: dict[str, Any], droppable: bool) -> list[str]:
    name = column.name
    known = 1 - facts["missing"]
    if facts["distinct"] <= 1:
        return [f"column {name!r} is constant: add it to data.drop."] * droppable
    texts = []
    if droppable and column.kind == "number" and facts["counts_up"]:
        texts.append(f"column {name!r} numbers the rows like an id: add it to data.drop.")
    if known < 0.5:
        texts.append(f"column {name!r} is missing in {1 - known:.0%} of the rows.")
    if facts.get("outliers", 0) > 0.01:
        texts.append(f"column {name!r} has {facts['outliers']:.1%} far outliers.")
    return texts


def _leaks(train: Split, schema: Schema) -> list[str]:
    rows = np.random.default_rng(0).permutation(len(train.ids))[:SAMPLE]
    targets = train.targets[rows]
    texts = []
    for column in schema.described:
        values = train.inputs[column.name].iloc[rows]
        if len(rows) > 100 and column.kind == "category" and values.nunique() > 0.9 * len(rows):
            texts.append(f"column {column.name!r} looks like an id: add it to data.drop.")
        elif why := _leak(values, targets, schema):
            texts.append(f"column {column.name!r} may leak the target: {why}.")
    return texts


def _leak(values: pd.Series, targets: np.ndarray, schema: Schema) -> str | None:
    codes = values.cat.codes if values.dtype == "category" else values
    table = np.array(codes, np.float32)[:, None]
    alone, score = DecisionTreeRegressor(min_samples_leaf=5, random_state=0), "r2"
    if schema.labels is not None:
        alone, score = DecisionTreeClassifier(min_samples_leaf=20, random_state=0), "roc_auc_ovr"
    value = float(np.mean(cross_val_score(alone, table, targets, cv=3, scoring=score)))
    if value > LEAK[score]:
        return f"alone it reaches {score.split('_ovr')[0]} {value:.3f}"
    if schema.labels is None or schema.properties:  # a picture's light may well tell its class
        return None
    shares = alone.fit(table, targets).tree_.value[:, 0]  # (nodes, classes)
    base = np.bincount(targets, minlength=shares.shape[1]) / len(targets)
    pure = (shares >= PURE) & (shares >= LIFT * base)
    if not pure.any():
        return None
    label = int(np.argmax(pure.any(axis=0)))
    return f"in a part of its range {shares[:, label].max():.0%} are {schema.labels[label]!r}"
