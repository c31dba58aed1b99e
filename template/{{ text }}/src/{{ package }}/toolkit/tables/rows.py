"""The rows of a table of texts: read, measured, grouped, with their labels encoded."""

from pathlib import Path
from sys import intern
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ..config import BaseConfig
from ..runs import UserError, say, sha256
from ..texts import near_duplicates, reading
from ..texts.measures import halves, measure, sets
from ..texts.words import text_id, words
from . import files, repeats
from .cells import Column
from .infer import times as times_of
from .schema import Schema, canonical, cells_of
from .schema import keys as keys_of
from .schema import labels as labels_of
from .split import Rows
from .target import encode
from .validate import validate

READ: dict[str, Rows] = {}  # the last file, which all stages of `run` use


def load_rows(config: BaseConfig) -> Rows:
    """Return every row of data.path that has a label and a text; a process reads a file once."""
    path, settings = config.data.path, (config.data, config.evaluate, config.paths)
    if not path.is_file():
        return _read(config)  # raises UserError
    key = "".join([sha256(path), *(each.model_dump_json() for each in settings)])
    if key not in READ:
        READ.clear()
        READ[key] = _read(config)
    rows = READ[key]
    names = [column.name for column in rows.schema.properties]
    label = np.array(rows.schema.labels, object)[rows.targets]
    validate(rows.inputs[names].assign(label=label), config, {"label"}, [])
    return rows


def _read(config: BaseConfig) -> Rows:
    """Read, measure and group the texts.

    `inputs` has the columns `text`, the only one that the model reads, the properties, and
    data.source.
    """
    settings, path = config.data, config.data.path
    read_notes: list[str] = []
    raw = files.table(path, files.Reading.of(settings), read_notes)
    named = [(key, getattr(settings, key)) for key in settings.NAMES]
    files.check_names(raw.column_names, named, path)
    label, texts = labels_of(raw, settings.target, path), reading.texts(raw, settings.text, path)
    labelled, filled = label != "", (texts.str.strip() != "").to_numpy()
    kept = labelled & filled
    if not kept.any():
        raise UserError(f"data.text: {path} has no row with both {settings.text!r} and a label.")
    table, texts = raw.filter(pa.array(kept)), texts[kept].reset_index(drop=True)
    label = pd.Series(label[kept], name=settings.target, dtype="str")
    tokenized = [[*map(intern, words(text))] for text in texts]
    vocabulary = halves(tokenized)
    measured = _measured(texts, tokenized, vocabulary)
    columns, properties = validate(measured.assign(label=label), config, {"label"}, [])
    targets, labels = encode(label, config)
    ids = np.array([text_id(each) for each in tokenized], np.uint64)
    near = near_duplicates.grouped(ids, tokenized)
    keys, times = _order(ids, table, config)
    excerpts = texts.str[:80].map(repr)
    unlabelled, left_out = int((~labelled).sum()), int((labelled & ~filled).sum())
    if unlabelled:
        note = f"{unlabelled:,} rows of {path} have no {settings.target!r}: they are left out."
        read_notes.append(note)
    compared = pd.DataFrame({"id": ids, "near": near, "label": label, "name": excerpts})
    facts = {
        "files": {path.as_posix(): {"sha256": sha256(path), "rows": raw.num_rows}},
        "columns": [column.model_dump() for column in columns],
        "rows_without_target": unlabelled,
        "left_out": left_out,
        "notes": [
            *read_notes,
            *reading.notes(texts, left_out, path),
            *repeats.notes(compared, "texts"),
        ],
    }
    columns[-1].words = vocabulary  # of `unseen`, the last property
    schema = _schema(settings, labels, columns)
    inputs = pd.concat([texts.rename("text"), properties], axis=1)
    inputs = inputs.join(canonical(table, schema.sources, str(path)))
    relatives = near if settings.group is None else keys
    return Rows(inputs, targets, ids, keys, relatives, times, schema, facts)


def _schema(settings: Any, labels: list[str] | None, properties: list[Column]) -> Schema:
    return Schema(
        target=settings.target,
        labels=labels,
        columns=[Column(name="text", kind="text")],
        properties=properties,
        sources=[Column(name=settings.source, kind="category")] if settings.source else [],
    )


def _order(
    ids: np.ndarray, table: pa.Table, config: BaseConfig
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the keys and the times that the rows are split by."""
    group, time = config.data.group, config.data.time
    if group and time:
        raise UserError("data.group and data.time are both set: unset one of them.")
    if time:
        return ids, times_of(table, time, config.data.path, [""])
    if group:
        return pd.util.hash_array(keys_of(cells_of(table, group))), None
    return ids, None


def _measured(texts: pd.Series, tokenized: list[list[str]], vocabulary: list[str]) -> pd.DataFrame:
    known, rows = sets(vocabulary), zip(texts, tokenized, strict=True)
    return pd.DataFrame([measure(text, found, known) for text, found in rows])


def load_new(path: Path, columns: list[Column], config: BaseConfig) -> pd.DataFrame:
    """Return the texts of a file as the model takes them, with their properties."""
    notes: list[str] = []
    raw = files.table(path, files.Reading.of(config.data), notes)
    for note in notes:
        say("warning", note)
    files.check_names(raw.column_names, [("text", config.data.text)], path)
    texts = reading.texts(raw, config.data.text, path)
    texts = texts[texts.str.strip() != ""].reset_index(drop=True)
    vocabulary = next(column.words for column in columns if column.words)
    measured = _measured(texts, [words(text) for text in texts], vocabulary)
    return texts.to_frame("text").join(canonical(measured, columns, str(path)))


def to_json_rows(inputs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows in a form that a client in any language can read from JSON."""
    return [{"text": text} for text in inputs["text"]]
