"""The rows of a table: read, held to the saved schema, with their target encoded."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..config import Config
from ..runs import UserError, sha256
from ..scores.importances import importances
from .schema import Column, Schema, canonical, written
from .split import Rows
from .table import Stress, check_names, read
from .target import encode
from .validate import enforce


def collect(config: Config) -> Rows:
    """Return every row of data.path that has a target."""
    settings = config.data
    raw = read(settings.path, settings.missing)
    used = [("target", settings.target), ("group", settings.group), ("time", settings.time)]
    check_names(raw, [*used, *(("drop", name) for name in settings.drop)], settings.path)
    _check_cells(raw, {settings.target, settings.group, *settings.drop}, settings.path)
    columns, table = enforce(raw, settings.path, config.paths.schemas)
    if config.evaluate.PROBLEM == "classification":
        table[settings.target] = written(raw[settings.target])
    table = table[raw[settings.target].notna()].reset_index(drop=True)
    targets, labels = encode(table[settings.target], config)
    unused = {settings.target, settings.group, *settings.drop}
    inputs = [column for column in columns if column.name not in unused]
    schema = Schema(target=settings.target, labels=labels, columns=inputs)
    shown = table[[column.name for column in inputs]]
    ids = pd.util.hash_pandas_object(shown, index=False).to_numpy()
    keys, times = _order(ids, table, config)
    left_out = len(raw) - len(table)
    told = f"{left_out:,} rows of {settings.path} have no {settings.target!r}: they are left out."
    facts = {
        "files": {settings.path.as_posix(): {"sha256": sha256(settings.path), "rows": len(raw)}},
        "columns": [column.model_dump() for column in columns],
        "rows_without_target": left_out,
        "notes": [told] * (left_out > 0),
    }
    return Rows(shown, targets, ids, keys, keys, times, schema, facts)


def _check_cells(raw: pd.DataFrame, unused: set[str | None], path: Path) -> None:
    """A model takes numbers, dates and texts; Parquet and JSON can hold more."""
    for name in set(raw) - unused:
        kinds = {type(cell) for cell in raw[name].dropna()} if raw[name].dtype == object else set()
        if odd := kinds & {list, dict, bytes, np.ndarray}:
            raise UserError(
                f"{path}: column {name!r} holds cells of {odd.pop().__name__}: make each a number, "
                "date or text, or add it to data.drop."
            )


def _order(
    ids: np.ndarray, table: pd.DataFrame, config: Config
) -> tuple[np.ndarray, pd.Series | None]:
    """Return the keys and the times by which the rows are split."""
    group, time = config.data.group, config.data.time
    if group and time:
        raise UserError("data.group and data.time are both set: split by one of them.")
    keys = pd.util.hash_array(table[group].to_numpy()) if group else ids
    return keys, table[time] if time else None


def fresh(path: Path, columns: list[Column], config: Config) -> pd.DataFrame:
    """Return new rows of a file as the model takes them; UserError if it can't."""
    return canonical(read(path, config.data.missing), columns, str(path))


def portable(inputs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows that a client in any language can read from JSON: null is a missing value."""
    return inputs.astype(object).where(inputs.notna(), None).to_dict("records")


def pictures(inputs: pd.DataFrame) -> list[bytes]:
    """Return a WebP thumbnail for each row; rows of a table have none."""
    return []


def doubts(splits: Any) -> list[str]:
    """Say which training labels look wrong: of tables, nothing is told."""
    return []


def stress(
    predictors: Any, splits: Any, test: Any, threshold: float | None, config: Config
) -> Stress:
    """Return a table of what becomes of the metric when a column's values are shuffled."""
    model = predictors["model"]
    table, facts = importances(model, test.inputs, test.targets, threshold, config)
    return Stress({"importances": table}, [], [], facts)
