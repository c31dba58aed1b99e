"""What the training rows look like, and what in them should make you look twice."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..data import Splits
from ..extras import label_issues
from .cells import Column
from .schema import readable
from .suspects import alike, leaks


def profile_once(splits: Splits, path: Path) -> dict[str, Any]:
    """Return the profile that `data` wrote to `path` of the very same rows, or else make it."""
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        found: dict[str, Any] = saved.pop("profile")
    except (OSError, ValueError, KeyError, AttributeError):
        return profile(splits)
    labels = splits.schema.labels or [*found["target"]]
    same = saved == json.loads(json.dumps(splits.manifest)) and labels == [*found["target"]]
    return found if same else profile(splits)


def profile(splits: Splits) -> dict[str, Any]:
    """Describe the target and each column of the training rows, with warnings in plain words."""
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
