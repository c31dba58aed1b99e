"""Rows of a table of conversations: read, checked, measured and grouped."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..chats import answer_checks, data_checks, prompting
from ..chats import columns as chat_columns
from ..chats.groups import grouped_conversations
from ..chats.layouts import conversations, prompts
from ..config import BaseConfig
from ..runs import UserError, say, sha256
from ..texts.measures import halves
from ..texts.words import words
from .cells import Column
from .files import check_names, frame
from .infer import times as times_of
from .repeats import notes
from .schema import canonical, cells_of
from .schema import keys as keys_of
from .split import Rows
from .validate import validate


def load_rows(config: BaseConfig) -> Rows:
    """Return every row of data.path that is a conversation with an answer.

    `inputs` has `prompt` (the messages before the answer, as JSON), `answer`, the properties and
    data.source. Targets are the UTF-8 bytes of the answers, so splits are stratified by length.
    """
    settings, path = config.data, config.data.path
    skipped: list[str] = []
    raw = frame(path, [""], settings, skipped)
    check_names(raw.columns, [(key, getattr(settings, key)) for key in settings.NAMES], path)
    every, broken = conversations(raw, settings, path)
    table, chats = raw[list(map(bool, every))], list(filter(None, every))
    answers, before = chat_columns.answers(chats), [chat[:-1] for chat in chats]
    texts = chat_columns.prompt_words(chats)
    known = halves(texts)
    measured, properties = validate(chat_columns.measure(chats, known), config, set(), [])
    pairs = zip(texts, answers, strict=True)
    ids = chat_columns.ids([[*prompt, "|", *words(answer)] for prompt, answer in pairs])
    prompt_ids = chat_columns.ids(texts)
    similar, templates = grouped_conversations(ids, prompt_ids, texts)
    numbers = (table.index + 1).tolist()  # row numbers in the file
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
            *skipped,
            *broken,
            *templates,
            *data_checks.notes(chats, numbers, path),
            *notes(repeats, "prompts", "answer"),
        ],
    }
    measured[-1].words = known  # the last one, `unseen`, is measured with them
    schema = chat_columns.schema(measured, config)
    inputs = pd.DataFrame(
        {"prompt": chat_columns.to_json(before), "answer": answers}, dtype="str"
    ).join(properties)
    inputs = inputs.join(canonical(table.reset_index(drop=True), schema.sources, str(path)))
    inputs.index = table.index
    targets = np.array([len(answer.encode()) for answer in answers], np.float32)
    groups = similar if settings.group is None else keys
    return Rows(inputs, targets, ids, keys, groups, times, schema, facts)


def _order(
    ids: np.ndarray, table: pd.DataFrame, config: BaseConfig
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
    skipped: list[str] = []
    raw = frame(path, [""], config.data, skipped)
    for text in skipped:
        say("warning", text)
    names = ("messages", "prompt", "text")
    check_names(raw.columns, [(name, getattr(config.data, name)) for name in names], path)
    chats = prompts(raw, config.data, path)
    known = next(column.words for column in columns if column.words)
    measured = canonical(chat_columns.measure(chats, known, answered=False), columns, str(path))
    return pd.DataFrame({"prompt": chat_columns.to_json(chats)}, dtype="str").join(measured)


def to_json_rows(inputs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON values."""
    return [{"messages": json.loads(prompt)} for prompt in inputs["prompt"]]
