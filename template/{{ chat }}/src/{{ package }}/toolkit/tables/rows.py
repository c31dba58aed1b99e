"""Rows of a table of conversations: read, checked, measured and grouped."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ..chats import answer_checks, data_checks, prompting
from ..chats import columns as chat_columns
from ..chats.forms import ORDER, resolve
from ..chats.groups import grouped_conversations
from ..chats.layouts import Conversations, conversations
from ..config import BaseConfig
from ..runs import UserError, say, sha256
from ..settings.data import Data
from ..texts.measures import halves
from ..texts.words import words
from .cells import Column
from .files import Reading, check_names
from .files import table as table_of
from .infer import times as times_of
from .repeats import notes
from .schema import canonical, cells_of
from .schema import keys as keys_of
from .split import Rows
from .validate import validate


def load_rows(config: BaseConfig) -> Rows:
    """Return every row of data.path that is a conversation with an answer.

    `inputs` has `prompt` (the messages before the answer, as JSON), `answer`, the properties,
    data.source and `learned`, the positions in the prompt of other messages to learn, as JSON.
    Targets are the UTF-8 bytes of the answers, so splits are stratified by length.
    """
    settings, path = config.data, config.data.path
    raw, found, read_notes = _read(path, settings, answered=True)
    check_names(raw.column_names, [(key, getattr(settings, key)) for key in ORDER], path)
    kept = np.flatnonzero([bool(chat) for chat in found.chats])
    table, chats = raw.take(pa.array(kept)), [found.chats[row] for row in kept]
    answers = chat_columns.answers(chats)
    texts = chat_columns.prompt_words(chats)
    known = halves(texts)
    measured, properties = validate(chat_columns.measure(chats, known), config, set(), [])
    pairs = zip(texts, answers, strict=True)
    ids = chat_columns.ids([[*prompt, "|", *words(answer)] for prompt, answer in pairs])
    prompt_ids = chat_columns.ids(texts)
    similar, templates = grouped_conversations(ids, prompt_ids, texts)
    numbers = (kept + 1).tolist()  # row numbers in the file
    repeats = data_checks.repeats_table(chats, numbers, prompt_ids, similar)
    keys, times = _order(ids, table, config)
    prompt = prompting.of(config)
    answer_checks.read(config.evaluate.checks)  # a mistake is reported before training
    facts = {
        "files": {path.as_posix(): {"sha256": sha256(path), "rows": len(raw)}},
        "other_files": {prompt["file"]: prompt["sha256"]} if prompt else {},
        "columns": [column.model_dump() for column in measured],
        "rows_without_target": 0,
        "left_out": len(raw) - len(table),
        "notes": [
            *read_notes,
            *templates,
            *data_checks.notes(chats, numbers, path),
            *notes(repeats, "prompts", "answer"),
        ],
    }
    measured[-1].words = known  # the last one, `unseen`, is measured with them
    schema = chat_columns.schema(measured, config)
    prompts = chat_columns.to_json([chat[:-1] for chat in chats])
    inputs = pd.DataFrame({"prompt": prompts, "answer": answers}, dtype="str").join(properties)
    inputs = inputs.join(canonical(table, schema.sources, str(path)))
    inputs["learned"] = [json.dumps(found.learned[row]) for row in kept]
    inputs.index = pd.Index(kept)
    targets = np.array([len(answer.encode()) for answer in answers], np.float32)
    groups = similar if settings.group is None else keys
    return Rows(inputs, targets, ids, keys, groups, times, schema, facts)


def _read(path: Path, settings: Data, answered: bool) -> tuple[pa.Table, Conversations, list[str]]:
    """Return a file with its conversations, and notes on whatever is not read."""
    notes: list[str] = []
    raw = table_of(path, Reading.of(settings), notes)
    columns, found = resolve(raw, settings, path, answered)
    chats = conversations(raw, columns, answered)
    return raw, chats, [*notes, *found, *chats.notes(path)]


def _order(
    ids: np.ndarray, table: pa.Table, config: BaseConfig
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the keys and times by which the rows are split."""
    group, time = config.data.group, config.data.time
    if group and time:
        raise UserError("data.group and data.time are both set: choose one of them.")
    if time:
        return ids, times_of(table, time, config.data.path, [""])
    if group:
        return pd.util.hash_array(keys_of(cells_of(table, group))), None
    return ids, None


def load_new(path: Path, columns: list[Column], config: BaseConfig) -> pd.DataFrame:
    """Return the prompts of a file as model inputs, with their properties."""
    _, found, notes = _read(path, config.data, answered=False)
    for text in notes:
        say("warning", text)
    chats = [*filter(None, found.chats)]
    known = next(column.words for column in columns if column.words)
    measured = canonical(chat_columns.measure(chats, known, answered=False), columns, str(path))
    return pd.DataFrame({"prompt": chat_columns.to_json(chats)}, dtype="str").join(measured)


def to_json_rows(inputs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON values."""
    return [{"messages": json.loads(prompt)} for prompt in inputs["prompt"]]
