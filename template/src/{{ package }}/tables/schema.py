"""What each column holds, and the one way from raw values to what the model takes."""

from typing import Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel

from ..runs import UserError
from .dates import date_format, days


class Column(BaseModel, extra="forbid"):
    """One column; `low` and `high` are numbers or days since 1970-01-01, `size` is in pixels."""

    name: str
    kind: Literal["number", "category", "date", "image", "text"]
    missing: bool = False
    low: float | None = None
    high: float | None = None
    categories: list[str] | None = None
    format: str | None = None
    size: int | None = None
    words: list[str] | None = None  # those that are not unseen


class Schema(BaseModel, extra="forbid"):
    """The model's view: `labels` is None for a numeric target; the last of two is positive."""

    target: str
    labels: list[str] | None
    columns: list[Column]
    properties: list[Column] = []  # measured of images and texts, for people; models see none
    sources: list[Column] = []  # for slices alone

    @property
    def described(self) -> list[Column]:
        """What can be profiled, sliced and compared: the properties, or else the columns."""
        return self.properties or self.columns


def infer(frame: pd.DataFrame) -> list[Column]:
    """Describe every column of a raw table."""
    return [_infer_column(name, frame[name]) for name in frame]


def _infer_column(name: str, values: pd.Series) -> Column:
    missing = bool(values.isna().any())
    if values.isna().all():
        return Column(name=name, kind="category", missing=missing)
    if pd.api.types.is_bool_dtype(values):
        return Column(name=name, kind="category", missing=missing, categories=["False", "True"])
    if pd.api.types.is_numeric_dtype(values):
        low, high = float(values.min()), float(values.max())
        return Column(name=name, kind="number", missing=missing, low=low, high=high)
    if written := date_format(values.dropna()):
        numbers = days(values, written)
        low, high = float(numbers.min()), float(numbers.max())
        return Column(name=name, kind="date", missing=missing, low=low, high=high, format=written)
    levels = sorted(values.dropna().astype(str).unique())
    few = levels if len(levels) <= 200 else None
    return Column(name=name, kind="category", missing=missing, categories=few)


def canonical(frame: pd.DataFrame, columns: list[Column], source: str = "data") -> pd.DataFrame:
    """Return the columns as the model takes them.

    Numbers and dates (days since 1970-01-01) become float32 with NaN for missing, categories become
    categoricals of str with "" for missing. UserError names column and row of a value that can't.
    """
    absent = [column.name for column in columns if column.name not in frame]
    if absent:
        raise UserError(
            f"{source}: no column {', '.join(map(repr, absent))}; it has {list(frame)}."
        )
    return pd.DataFrame({c.name: _convert(frame[c.name], c, source) for c in columns})


def _convert(values: pd.Series, column: Column, source: str) -> pd.Series:
    if column.kind == "category":
        return written(values).fillna("").astype("category")
    if column.kind == "number":
        converted = pd.to_numeric(values, errors="coerce")
    else:
        converted = days(values, column.format or "ISO8601")
    with np.errstate(over="ignore"):  # a number can be infinite to a model
        converted = converted.astype(np.float32)
    bad = converted.isna() & values.notna() | np.isinf(converted)
    if bad.any():
        place = int(np.argmax(bad))
        row, value = values.index[place] + 1, values.iloc[[place]].tolist()[0]
        kind = "finite number" if np.isinf(converted.iloc[place]) else column.kind
        raise UserError(
            f"{source}: column {column.name!r}, row {row}: {value!r} is not a "
            f"{kind} ({int(bad.sum())} such rows); mend it, or add it to data.missing."
        )
    return converted


def written(values: pd.Series) -> pd.Series:
    """Return str, or missing; numbers as they stand in a file: no gap makes a 1 to 1.0."""
    texts = values.astype("str")
    return texts.str.removesuffix(".0") if pd.api.types.is_float_dtype(values) else texts


def readable(value: float, column: Column) -> str:
    """Write a number or date of a canonical table as a person would."""
    if np.isnan(value):
        return ""
    if column.kind == "date":
        return str(np.datetime64(int(np.floor(value)), "D"))
    return f"{value:g}"
