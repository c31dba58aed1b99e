"""What the training rows look like, and what in them should make you look twice."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import get_scorer
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from .cells import Column
from .schema import Schema, readable
from .split import Split, Splits

LabelIssues = Callable[[Splits], list[str]]
SAMPLE = 10_000  # rows looked at for leaks
LEAK = {"roc_auc_ovr": 0.95, "r2": 0.95}  # a single column rarely knows this much
PURE = 0.7  # share of one class in a part of a column's range that is suspicious ...
LIFT = 5  # ... when it is this many times the share overall
WIDE = 200  # columns that are looked at closely


def profile_once(splits: Splits, path: Path, label_issues: LabelIssues) -> dict[str, Any]:
    """Return the profile that `data` wrote to `path` of the very same rows, or else make it."""
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        found: dict[str, Any] = saved.pop("profile")
    except (OSError, ValueError, KeyError, AttributeError):
        return profile(splits, label_issues)
    labels = splits.schema.labels or [*found["target"]]
    same = saved == json.loads(json.dumps(splits.manifest)) and labels == [*found["target"]]
    return found if same else profile(splits, label_issues)


def profile(splits: Splits, label_issues: LabelIssues) -> dict[str, Any]:
    """Describe the target and each column of the training rows, with warnings in plain words.

    `label_issues` is what `extras.py` knows of wrong labels.
    """
    train, schema = splits.train, splits.schema
    columns = {c.name: _describe(train.inputs[c.name], c) for c in schema.described}
    twins = len(train.ids) - len(np.unique(train.ids))
    warnings = [*splits.manifest.get("notes", []), *label_issues(splits)]
    for column in schema.described:
        warnings += _odd(column, columns[column.name], column in schema.columns)
    warnings += alike(schema.labels or [])
    if schema.labels or not schema.properties:  # a property of a row may tell its value
        misread = [text.split(" is read as categories")[0] for text in warnings]
        ids = tuple(f"{column} looks like an id" for column in misread)  # they need other advice
        warnings += [text for text in leaks(train, schema) if not text.startswith(ids)]
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
    name = f"{'column' if droppable else 'property'} {column.name!r}"
    known = 1 - facts["missing"]
    if facts["distinct"] <= 1:
        return [f"{name} is constant: add it to data.drop."] * droppable
    texts = []
    if droppable and column.kind == "number" and facts["counts_up"]:
        texts.append(f"{name} numbers the rows like an id: add it to data.drop.")
    if known < 0.5:
        texts.append(f"{name} is missing in {1 - known:.0%} of the rows.")
    if facts.get("outliers", 0) > 0.01:
        texts.append(f"{name} has {facts['outliers']:.1%} far outliers.")
    return texts


def leaks(train: Split, schema: Schema) -> list[str]:
    """Name the columns that look like an id, may know the target, or seem to be misread."""
    rows = np.random.default_rng(0).permutation(len(train.ids))[:SAMPLE]
    targets, inputs = train.targets[rows], train.inputs.iloc[rows]
    found = _nearest(inputs, targets, schema)
    told = (_doubt(inputs[column.name], targets, column, schema) for column in found)
    return list(filter(None, told))


def _doubt(values: pd.Series, targets: np.ndarray, column: Column, schema: Schema) -> str | None:
    if len(values) > 100 and column.kind == "category" and values.nunique() > 0.9 * len(values):
        return f"column {column.name!r} looks like an id: add it to data.drop."
    kind, why = "property" if schema.properties else "column", _leak(values, targets, schema)
    return f"{kind} {column.name!r} may leak the target: {why}." if why else None


def _nearest(inputs: pd.DataFrame, targets: np.ndarray, schema: Schema) -> list[Column]:
    """Return the columns to look at closely; of very many, those that go along with the target."""
    if len(schema.described) <= WIDE:
        return schema.described
    codes = np.stack([_codes(inputs[column.name]) for column in schema.described])
    ranks = _centred(np.argsort(np.argsort(codes, axis=1), axis=1))
    labels = range(len(schema.labels or []))
    known = _centred(np.stack([targets == code for code in labels] or [targets]))
    fits = np.abs([ranks @ known.T, _centred(np.abs(ranks)) @ known.T])  # also what is in between
    strongest = np.argsort(-fits.max(axis=(0, 2)), kind="stable")[:WIDE]
    return [schema.described[place] for place in sorted(strongest)]


def _centred(values: np.ndarray) -> np.ndarray:
    moved = values - values.mean(axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9))


def _codes(values: pd.Series) -> np.ndarray:
    return np.array(values.cat.codes if values.dtype == "category" else values, np.float32)


def _leak(values: pd.Series, targets: np.ndarray, schema: Schema) -> str | None:
    table = _codes(values)[:, None]
    alone, score = DecisionTreeRegressor(min_samples_leaf=5, random_state=0), "r2"
    if schema.labels is not None:
        alone, score = DecisionTreeClassifier(min_samples_leaf=20, random_state=0), "roc_auc_ovr"
    alone.fit(table, targets)
    if get_scorer(score)(alone, table, targets) > LEAK[score]:  # new rows are told less well
        value = float(np.mean(cross_val_score(clone(alone), table, targets, cv=3, scoring=score)))
        if value > LEAK[score]:
            return f"alone it reaches {score.split('_ovr')[0]} {value:.3f}"
    if schema.labels is None or schema.properties:  # a property may well tell the class
        return None
    shares, classes = alone.tree_.value[:, 0], alone.classes_  # (nodes, classes of the sample)
    pure = shares >= np.maximum(PURE, LIFT * np.bincount(targets)[classes] / len(targets))
    if not pure.any():
        return None
    place = int(np.argmax(pure.any(axis=0)))
    label = schema.labels[classes[place]]
    return f"in a part of its range {shares[:, place].max():.0%} are {label!r}"


def alike(labels: list[str]) -> list[str]:
    """Name the labels that only case or spaces tell apart."""
    plain = [" ".join(label.casefold().split()) for label in labels]
    twice = [label for label, text in zip(labels, plain, strict=True) if plain.count(text) > 1]
    names = ", ".join(map(repr, twice[:6]))
    return [f"labels {names} differ in case or spaces alone: merge them."] * bool(twice)
