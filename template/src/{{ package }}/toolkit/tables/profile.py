"""Profile the training rows, with warnings about suspicious columns."""

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
SAMPLE = 10_000  # rows searched for leakage
LEAK = {"roc_auc_ovr": 0.95, "r2": 0.95}  # a single column rarely scores this high
PURE = 0.7  # a suspicious share of one class in part of a column's range ...
LIFT = 5  # ... if it is this many times the overall share
MAX_COLUMNS = 200  # checked for leakage


def profile_once(splits: Splits, path: Path, label_issues: LabelIssues) -> dict[str, Any]:
    """Return the profile that `data` wrote to `path` for the same rows, or compute it."""
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        found: dict[str, Any] = saved.pop("profile")
    except (OSError, ValueError, KeyError, AttributeError):
        return profile(splits, label_issues)
    labels = splits.schema.labels or [*found["target"]]
    same = saved == json.loads(json.dumps(splits.manifest)) and labels == [*found["target"]]
    return found if same else profile(splits, label_issues)


def profile(splits: Splits, label_issues: LabelIssues) -> dict[str, Any]:
    """Describe the target and each column of the training rows, with warnings.

    `label_issues` of extras.py reports labels that may be wrong.
    """
    train, schema = splits.train, splits.schema
    columns = {c.name: _describe(train.inputs[c.name], c) for c in schema.described}
    duplicates = len(train.ids) - len(np.unique(train.ids))
    warnings = [*splits.manifest.get("notes", []), *label_issues(splits)]
    for column in schema.described:
        warnings += _column_warnings(column, columns[column.name], column in schema.columns)
    warnings += similar_labels(schema.labels or [])
    if schema.labels or not schema.properties:  # a property may determine a numeric target
        misread = [text.split(" is read as categories")[0] for text in warnings]
        ids = tuple(f"{column} looks like an id" for column in misread)  # they get other advice
        warnings += [text for text in leaks(train, schema) if not text.startswith(ids)]
    if duplicates:
        warnings.append(f"training rows with the same inputs as another one: {duplicates}.")
    return {
        "rows": len(train.ids),
        "target": _balance(train.targets, schema.labels),
        "columns": columns,
        "twins": duplicates,
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


def _column_warnings(column: Column, facts: dict[str, Any], droppable: bool) -> list[str]:
    name = f"{'column' if droppable else 'property'} {column.name!r}"
    if facts["distinct"] <= 1:
        return [f"{name} is constant: add it to data.drop."] * droppable
    texts = []
    if droppable and column.kind == "number" and facts["counts_up"]:
        texts.append(f"{name} counts up like an id: add it to data.drop.")
    if facts["missing"] > 0.5:
        texts.append(f"{name} is missing in {facts['missing']:.0%} of the rows.")
    low = facts.get("low", "")
    if low.startswith("-99") and not low.strip("-9"):
        texts.append(f"{name} goes down to {low}: if it means missing, add it to data.missing.")
    elif facts.get("outliers", 0) > 0.01:
        texts.append(f"{name} has {facts['outliers']:.1%} far outliers.")
    return texts


def leaks(train: Split, schema: Schema) -> list[str]:
    """Report columns that look like an id or may leak the target."""
    rows = np.random.default_rng(0).permutation(len(train.ids))[:SAMPLE]
    targets, inputs = train.targets[rows], train.inputs.iloc[rows]
    columns = _most_associated(inputs, targets, schema)
    found = (_leak_warning(inputs[column.name], targets, column, schema) for column in columns)
    return list(filter(None, found))


def _leak_warning(
    values: pd.Series, targets: np.ndarray, column: Column, schema: Schema
) -> str | None:
    if len(values) > 100 and column.kind == "category" and values.nunique() > 0.9 * len(values):
        return f"column {column.name!r} looks like an id: add it to data.drop."
    kind, reason = "property" if schema.properties else "column", _leak(values, targets, schema)
    return f"{kind} {column.name!r} may leak the target: {reason}." if reason else None


def _most_associated(inputs: pd.DataFrame, targets: np.ndarray, schema: Schema) -> list[Column]:
    """Return at most MAX_COLUMNS columns: those most correlated with the target."""
    if len(schema.described) <= MAX_COLUMNS:
        return schema.described
    codes = np.stack([_codes(inputs[column.name]) for column in schema.described])
    ranks = _centred(np.argsort(np.argsort(codes, axis=1), axis=1))
    labels = range(len(schema.labels or []))
    known = _centred(np.stack([targets == code for code in labels] or [targets]))
    fits = np.abs([ranks @ known.T, _centred(np.abs(ranks)) @ known.T])  # also non-monotonic ones
    strongest = np.argsort(-fits.max(axis=(0, 2)), kind="stable")[:MAX_COLUMNS]
    return [schema.described[place] for place in sorted(strongest)]


def _centred(values: np.ndarray) -> np.ndarray:
    moved = values - values.mean(axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9))


def _codes(values: pd.Series) -> np.ndarray:
    return np.array(values.cat.codes if values.dtype == "category" else values, np.float32)


def _leak(values: pd.Series, targets: np.ndarray, schema: Schema) -> str | None:
    table = _codes(values)[:, None]
    tree, score = DecisionTreeRegressor(min_samples_leaf=5, random_state=0), "r2"
    if schema.labels is not None:
        tree, score = DecisionTreeClassifier(min_samples_leaf=20, random_state=0), "roc_auc_ovr"
    tree.fit(table, targets)
    if get_scorer(score)(tree, table, targets) > LEAK[score]:  # it overfits
        value = float(np.mean(cross_val_score(clone(tree), table, targets, cv=3, scoring=score)))
        if value > LEAK[score]:
            return f"alone it reaches {score.split('_ovr')[0]} {value:.3f}"
    if schema.labels is None or schema.properties:  # a property may well determine the class
        return None
    shares, classes = tree.tree_.value[:, 0], tree.classes_  # (nodes, classes of the sample)
    pure = shares >= np.maximum(PURE, LIFT * np.bincount(targets)[classes] / len(targets))
    if not pure.any():
        return None
    place = int(np.argmax(pure.any(axis=0)))
    label = schema.labels[classes[place]]
    return f"in a part of its range {shares[:, place].max():.0%} are {label!r}"


def similar_labels(labels: list[str]) -> list[str]:
    """Report labels that differ only in case or spaces."""
    plain = [" ".join(label.casefold().split()) for label in labels]
    similar = [label for label, text in zip(labels, plain, strict=True) if plain.count(text) > 1]
    names = ", ".join(map(repr, similar[:6]))
    return [f"labels {names} differ only in case or spaces: merge them."] * bool(similar)
