"""Load the rows of a table with their schema and encoded target."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ..config import BaseConfig
from ..runs import UserError, say, sha256
from . import files, processed
from .cells import Column
from .infer import times
from .schema import Schema, canonical, cells_of, check_plain, keys, without_percent
from .schema import labels as labels_of
from .split import Rows
from .target import encode
from .validate import validate

COARSE = 5  # rows per combination of values from which equal rows are not duplicates


def load_rows(config: BaseConfig) -> Rows:
    """Return every row of data.path that has a target, read once for all stages."""
    if not config.data.path.is_file():
        return _read(config)  # raises UserError
    rows = processed.load(config)
    return _read(config) if rows is None else rows


def _read(config: BaseConfig) -> Rows:
    settings, path = config.data, config.data.path
    notes: list[str] = []
    raw = files.table(path, files.Reading.of(settings), notes)
    wanted = [("target", settings.target), ("group", settings.group), ("time", settings.time)]
    wanted += [("drop", name) for name in settings.drop]
    files.check_names(raw.column_names, wanted, path)
    unused = {name for name in (settings.group, *settings.drop) if name is not None}
    unused -= {settings.target}
    _check_cells(raw, unused, settings)
    columns, table = validate(raw, config, unused, notes)
    (target,) = (column for column in columns if column.name == settings.target)
    cells = table[target.name]
    known = (cells != "").to_numpy() if target.kind == "category" else cells.notna().to_numpy()
    table, kept = table[known], raw.filter(pa.array(known))  # the index has the rows of the file
    if left_out := len(known) - len(table):
        notes.append(f"{left_out:,} rows of {path} have no {target.name!r}: they are left out.")
    values = table.pop(target.name)
    if target.kind == "category":
        written = values.astype("str") if target.boolean else labels_of(kept, target.name, path)
        values = pd.Series(np.asarray(written, object), values.index, name=target.name)
    targets, labels = encode(values, config)
    inputs = [column for column in columns if column is not target]
    if not inputs:
        raise UserError(f"{path}: no column besides {target.name!r} is left to train on.")
    schema = Schema(target=target.name, labels=labels, columns=inputs, offset=target.offset)
    ids = _ids(table, notes)
    groups, times = _order(kept, ids, config)
    facts = {
        "files": {path.as_posix(): {"sha256": sha256(path), "rows": len(known)}},
        "columns": [column.model_dump() for column in columns],
        "rows_without_target": left_out,
        "notes": notes,
    }
    return Rows(table, targets, ids, groups, groups, times, schema, facts)


def _check_cells(raw: pa.Table, unused: set[str], settings: Any) -> None:
    """Raise UserError for binary or nested cells, as Parquet and JSON may have them."""
    advice = "give each row a single number, date or text"
    for name in raw.column_names:
        if name not in unused:
            rest = "" if name == settings.target else ", or add the column to data.drop"
            check_plain(raw, name, settings.path, advice + rest)


def _ids(inputs: pd.DataFrame, notes: list[str]) -> np.ndarray:
    """Return (rows,) uint64, equal for duplicates, which are rows with equal inputs.

    In a table of few combinations, such as a survey, equal rows are not duplicates: all splits have
    each combination, as new rows will.
    """
    ids = pd.util.hash_pandas_object(inputs, index=False).to_numpy()
    combinations = len(np.unique(ids))
    if combinations * COARSE > len(ids):
        return ids
    notes.append(
        f"{len(ids):,} rows have only {combinations:,} combinations of inputs: equal rows are "
        "treated as separate observations, not as duplicates."
    )
    repeats = pd.Series(ids).groupby(ids).cumcount()
    return pd.util.hash_array(ids ^ pd.util.hash_array(repeats.to_numpy()))


def _order(
    raw: pa.Table, ids: np.ndarray, config: BaseConfig
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the keys (rows,) uint64 and the times (rows,) float64 by which rows are split.

    Both come from the raw cells, since float32 would merge distinct values.
    """
    group, time = config.data.group, config.data.time
    if group and time:
        raise UserError("data.group and data.time are both set: split by one of them.")
    if group:
        texts = keys(cells_of(raw, group))
        ungrouped = np.isin(texts, ["", *config.data.missing])
        return np.where(ungrouped, ids, pd.util.hash_array(texts)), None
    if time:
        settings = config.data
        return ids, times(raw, time, settings.path, settings.missing, settings.dates)
    return ids, None


def load_new(path: Path, columns: list[Column], config: BaseConfig) -> pd.DataFrame:
    """Return new rows of a file as model inputs; UserError for invalid cells."""
    notes: list[str] = []
    raw = files.table(path, files.Reading.of(config.data), notes)
    inputs = canonical(raw, columns, str(path))
    for note in notes + without_percent(raw, columns, path):
        say("warning", note)
    return inputs


def to_json_rows(inputs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows for JSON that any client can read: a missing value is null."""
    return inputs.astype(object).where(inputs.notna(), None).to_dict("records")
