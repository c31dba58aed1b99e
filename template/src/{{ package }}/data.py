"""Load -> validate -> split -> manifest. Nothing is fitted on validation or test rows."""

import hashlib
from typing import Any

import numpy as np

from .config import Config
from .toolkit.runs import UserError, say
from .toolkit.tables.rows import load_rows
from .toolkit.tables.schema import Schema
from .toolkit.tables.split import Rows, Split, Splits, absent, assign
from .toolkit.tables.validate import save_schema


def load(config: Config) -> Splits:
    """Return the training and validation rows; only `load_test` returns the test rows."""
    return load_all(config)[0]


def load_test(config: Config) -> Split:
    """Return the test rows; for evaluate, export and monitor only."""
    return load_all(config)[1]


def load_all(config: Config) -> tuple[Splits, Split]:
    """Return both, reading the data once, for callers that may use the test rows."""
    parts, schema, manifest = _load(config)
    return Splits(parts["train"], parts["val"], schema, manifest), parts["test"]


def _load(config: Config) -> tuple[dict[str, Split], Schema, dict[str, Any]]:
    rows = load_rows(config)
    try:
        split = assign(rows, config)
    except UserError:
        for note in rows.facts["notes"]:  # it may be the cause
            say("warning", note)
        raise
    parts = {part: _part(rows, split == part) for part in ("train", "val", "test")}
    names = [column.name for column in rows.schema.columns]
    if empty := [name for name in names if parts["train"].inputs[name].isna().all()]:
        raise UserError(f"{empty}: no training row has a value; add it to data.drop.")
    dropped = int((split == "").sum())
    note = f"{dropped:,} rows equal one of another split in all inputs: they are left out."
    manifest = rows.facts | {
        "notes": [
            *rows.facts["notes"],
            *absent(rows, split),
            *([note] if dropped and rows.given is None else []),
        ],
        "twins_dropped": dropped,
        "splits": {part: len(split.ids) for part, split in parts.items()},
        "split_sha256": _digest(*(np.sort(split.ids) for split in parts.values())),
        "targets_sha256": _digest(rows.targets[np.lexsort((rows.targets, rows.ids))]),
    }
    save_schema(rows, config)
    return parts, rows.schema, manifest


def _part(rows: Rows, kept: np.ndarray) -> Split:
    return Split(rows.inputs[kept], rows.targets[kept], rows.ids[kept], rows.groups[kept])


def _digest(*arrays: np.ndarray) -> str:
    """Return the SHA-256 of row ids or targets, which are sorted: file order does not matter."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.tobytes() + b"|")
    return digest.hexdigest()
