"""The rows of a table of conversations: read, checked, measured and compared."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..chats import checks
from ..chats import columns as made
from ..chats.answers import compared
from ..chats.relatives import relatives
from ..chats.shapes import conversations, prompts
from ..config import Config
from ..runs import UserError, sha256
from ..texts.measures import halves
from ..texts.words import words
from .repeats import notes
from .schema import Column, Schema, canonical, infer
from .split import Rows
from .table import check_names, read
from .validate import enforce


def collect(config: Config) -> Rows:
    """Return every row of data.path that is a conversation with an answer.

    `inputs` holds `prompt` (the messages before the answer, as JSON), `answer`, the properties and
    data.source; targets are the UTF-8 bytes of the answers, so each split has long and short ones.
    """
    settings, path = config.data, config.data.path
    raw = read(path, [""])
    check_names(raw, [(key, getattr(settings, key)) for key in settings.NAMES], path)
    every, broken = conversations(raw, settings, path)
    table, chats = raw[list(map(bool, every))], list(filter(None, every))
    asking, answers = made.written([chat[:-1] for chat in chats]), made.answers(chats)
    found = made.asked(chats)
    known = halves(found)
    columns, measured = enforce(made.measured(chats, known), path, config.paths.schemas)
    pairs = zip(found, answers, strict=True)
    asked, ids = made.ids(found), made.ids([[*own, "|", *words(answer)] for own, answer in pairs])
    alike, templates = relatives(ids, asked, found)
    numbers = (table.index + 1).tolist()
    repeated = notes(checks.compared(chats, numbers, asked, alike), "prompts", "answer")
    keys, times = _order(ids, table, config)
    facts = {
        "files": {path.as_posix(): {"sha256": sha256(path), "rows": len(raw)}},
        "columns": [column.model_dump() for column in columns],
        "rows_without_target": 0,
        "left_out": len(raw) - len(table),
        "notes": [*broken, *templates, *checks.notes(chats, numbers, path), *repeated],
    }
    columns[-1].words = known  # the last one, `unseen`, is measured with them
    schema = _schema(columns, config)
    inputs = pd.DataFrame({"prompt": asking, "answer": answers}, dtype="str").join(measured)
    inputs = inputs.join(canonical(table.reset_index(drop=True), schema.sources, str(path)))
    targets = np.array([len(answer.encode()) for answer in answers], np.float32)
    kin = alike if settings.group is None else keys
    return Rows(inputs, targets, ids, keys, kin, times, schema, facts)


def _schema(columns: list[Column], config: Config) -> Schema:
    names = ["prompt", "answer"]
    source = [config.data.source] if config.data.source else []
    if taken := {*source} & {*names, *(column.name for column in columns)}:
        raise UserError(f"data.source: {taken.pop()!r} is a name in use; rename that column.")
    return Schema(
        target=config.data.target,
        labels=None,
        columns=[Column(name=name, kind="text") for name in names],
        properties=columns,
        sources=[Column(name=name, kind="category") for name in source],
    )


def _order(
    ids: np.ndarray, table: pd.DataFrame, config: Config
) -> tuple[np.ndarray, pd.Series | None]:
    """Return the keys and the times by which the rows are split."""
    group, time = config.data.group, config.data.time
    if group and time:
        raise UserError("data.group and data.time are both set: split by one of them.")
    if time:
        columns = infer(table[[time]])
        return ids, canonical(table, columns, str(config.data.path))[time]
    if group:
        return pd.util.hash_array(table[group].astype("str").to_numpy(object)), None
    return ids, None


def fresh(path: Path, columns: list[Column], config: Config) -> pd.DataFrame:
    """Return the prompts of a file as the model takes them, with their properties."""
    raw = read(path, [""])
    names = ("messages", "prompt", "text")
    check_names(raw, [(name, getattr(config.data, name)) for name in names], path)
    chats = prompts(raw, config.data, path)
    known = next(column.words for column in columns if column.words)
    measured = canonical(made.measured(chats, known, answered=False), columns, str(path))
    return pd.DataFrame({"prompt": made.written(chats)}, dtype="str").join(measured)


def portable(inputs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows that a client in any language can read from JSON."""
    return [{"messages": json.loads(prompt)} for prompt in inputs["prompt"]]


def pictures(inputs: pd.DataFrame) -> list[bytes]:
    """Return a WebP thumbnail for each row; conversations have none."""
    return []


def doubts(train: Any, schema: Schema) -> list[str]:
    """Say which training labels are doubted; answers are not judged before there is a model."""
    return []


def stress(predictors: Any, test: Any, threshold: float | None) -> dict[str, pd.DataFrame]:
    """Return what the model and its base say to held-out prompts, beside what people said."""
    return compared(predictors, test.inputs)
