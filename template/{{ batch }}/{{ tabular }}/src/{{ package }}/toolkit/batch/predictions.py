"""Add a model's predictions to a raw table; needs the export folder and nothing else."""

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

SAID = 0.05  # share of rows with unseen categories that is worth a warning


def scorer(
    folder: Path, source: Path, config: BaseConfig, counts: Counter[str]
) -> Callable[[pa.Table, int], pa.Table]:
    """Return a function that appends predictions to a table, given how many rows came before it.

    A regression appends `value`, classes `label` and `probability_LABEL`: of two, that of the last
    one. A name that the table has gains an underscore. `counts` gains the cells of each column
    whose category no training row had. UserError names file, column and row of what breaks the
    contract.
    """
    model = onnx_runtime.load(folder)
    columns = [column_of(described) for described in model.contract["inputs"]]
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
    """Say where many cells hold categories that no training row had.

    UserError if it is most cells of a column: it has another meaning then, unless `allow_unseen`.
    """
    shares = {name: count / rows for name, count in counts.items() if count > SAID * rows}
    told = {
        name: f"column {name!r} of {source}: {share:.0%} of the rows hold categories that training "
        "never saw"
        for name, share in shares.items()
    }
    for name, text in told.items():
        if shares[name] > UNSEEN and not allow_unseen:
            raise UserError(f"{text}; is it written otherwise? --allow-unseen scores it anyway.")
    return [f"{text}." for text in told.values()]


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
        strange = np.array([*map({*(column.categories or levels), ""}.__contains__, levels)], bool)
        unseen[column.name] += int((~strange[values.codes]).sum())
        texts = levels[values.codes]
        gone = texts == ""
    else:
        texts = rounded(values, column)
        gone = np.isnan(values)
    if gone.any() and not column.missing:
        row = first + int(np.argmax(gone)) + 1
        raise UserError(
            f"{source}: column {column.name!r}, row {row}: missing, which no training row was."
        )
    return np.asarray(texts)


def _named(
    predictions: np.ndarray, decisions: np.ndarray | None, labels: list[str] | None
) -> dict[str, np.ndarray]:
    if decisions is None or labels is None:
        return {"value": predictions}
    shown = labels[1:] if len(labels) == 2 else labels
    each = {f"probability_{name}": predictions[:, labels.index(name)] for name in shown}
    return {"label": decisions, **each}
