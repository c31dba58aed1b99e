"""Add a model's predictions to a raw table; needs only the export folder."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from ..config import BaseConfig
from ..export import onnx_runtime
from ..export.contract import column_of, free_name
from ..runs import UserError, say
from ..tables.cells import Column
from ..tables.schema import UNSEEN, cells_of, parsed, rounded, without_percent

MAX_UNSEEN = 0.05  # share of rows with unseen categories above which to warn


def scorer(
    folder: Path, source: Path, config: BaseConfig, counts: Counter[str]
) -> Callable[[pa.Table, int], pa.Table]:
    """Return a function that appends predictions to a table, given how many rows came before it.

    A regression appends `value`, a classifier `label` and `probability_LABEL`: of two labels, that
    of the last one. A name that is taken gets an underscore. `counts` gains the number of unseen
    categories in each column. UserError names file, column and row of a cell that violates the
    contract.
    """
    model = onnx_runtime.load(folder)
    columns = [column_of(each) for each in model.contract["inputs"]]
    outputs = model.contract["outputs"]

    def score(table: pa.Table, first: int) -> pa.Table:
        _check_names(table, columns, source)
        inputs = {c.name: _values(table, c, source, first, counts) for c in columns}
        for note in [] if first else without_percent(table, columns, source):
            say("warning", note)
        predictions, decisions = model.decide(inputs)
        if offset := outputs.get("offset"):
            predictions = predictions + np.float64(offset)
        for name, values in _named(predictions, decisions, outputs["labels"]).items():
            table = table.append_column(free_name(name, table.column_names), pa.array(values))
        return table

    return score


def notes(counts: Counter[str], rows: int, source: Path, allow_unseen: bool) -> list[str]:
    """Report columns with many unseen categories.

    UserError if most cells of a column are affected, which then has another meaning, unless
    `allow_unseen` is set.
    """
    shares = {name: count / rows for name, count in counts.items() if count > MAX_UNSEEN * rows}
    messages = {
        name: f"column {name!r} of {source}: {share:.0%} of the rows have categories unseen in "
        "training"
        for name, share in shares.items()
    }
    for name, text in messages.items():
        if shares[name] > UNSEEN and not allow_unseen:
            raise UserError(
                f"{text}; are they spelled differently? --allow-unseen scores them anyway."
            )
    return [f"{text}." for text in messages.values()]


def _check_names(table: pa.Table, columns: list[Column], source: Path) -> None:
    names = table.column_names
    absent = [column.name for column in columns if column.name not in names]
    if absent:
        raise UserError(f"{source}: no column {', '.join(map(repr, absent))}; it has {names}.")


def _values(
    table: pa.Table, column: Column, source: Path, first: int, unseen: Counter[str]
) -> np.ndarray:
    """Return (rows,) float32, or str objects for a category."""
    values = parsed(cells_of(table, column.name), column, str(source), first)
    if isinstance(values, pd.Categorical):
        levels = values.categories.to_numpy(object)
        known = np.array([*map({*(column.categories or levels), ""}.__contains__, levels)], bool)
        unseen[column.name] += int((~known[values.codes]).sum())
        inputs = levels[values.codes]
        missing = inputs == ""
    else:
        inputs = rounded(values, column)
        missing = np.isnan(values)
    if missing.any() and not column.missing:
        row = first + int(np.argmax(missing)) + 1
        raise UserError(
            f"{source}: column {column.name!r}, row {row}: the value is missing, but none was in "
            "training: fill it in."
        )
    return np.asarray(inputs)


def _named(
    predictions: np.ndarray, decisions: np.ndarray | None, labels: list[str] | None
) -> dict[str, np.ndarray]:
    if decisions is None or labels is None:
        return {"value": predictions}
    names = labels[1:] if len(labels) == 2 else labels
    each = {f"probability_{name}": predictions[:, labels.index(name)] for name in names}
    return {"label": decisions, **each}
