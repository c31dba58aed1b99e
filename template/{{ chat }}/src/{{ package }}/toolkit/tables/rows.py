"""The rows of a table of conversations: read, checked, measured and compared."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..chats import checks, prompting, questions
from ..chats import columns as made
from ..chats.groups import grouped_conversations
from ..chats.shapes import conversations, prompts
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

    `inputs` holds `prompt` (the messages before the answer, as JSON), `answer`, the properties and
    data.source; targets are the UTF-8 bytes of the answers, so each split has long and short ones.
    """
    settings, path = config.data, config.data.path
    told: list[str] = []
    raw = frame(path, [""], settings, told)
    check_names(raw.columns, [(key, getattr(settings, key)) for key in settings.NAMES], path)
    every, broken = conversations(raw, settings, path)
    table, chats = raw[list(map(bool, every))], list(filter(None, every))
    asking, answers = made.written([chat[:-1] for chat in chats]), made.answers(chats)
    found = made.asked(chats)
    known = halves(found)
    columns, measured = validate(made.measured(chats, known), config, set(), [])
    pairs = zip(found, answers, strict=True)
    asked, ids = made.ids(found), made.ids([[*own, "|", *words(answer)] for own, answer in pairs])
    alike, templates = grouped_conversations(ids, asked, found)
    numbers = (table.index + 1).tolist()  # of the rows, as the file has them
    repeated = notes(checks.compared(chats, numbers, asked, alike), "prompts", "answer")
    keys, times = _order(ids, table, config)
    prompt = prompting.of(config)
    questions.read(config.evaluate.checks)  # better told now than after training
    facts = {
        "files": {path.as_posix(): {"sha256": sha256(path), "rows": len(raw)}},
        "other_files": {prompt["file"]: prompt["sha256"]} if prompt else {},
        "columns": [column.model_dump() for column in columns],
        "rows_without_target": 0,
        "left_out": len(raw) - len(table),
        "notes": [*told, *broken, *templates, *checks.notes(chats, numbers, path), *repeated],
    }
    columns[-1].words = known  # the last one, `unseen`, is measured with them
    schema = made.schema(columns, config)
    inputs = pd.DataFrame({"prompt": asking, "answer": answers}, dtype="str").join(measured)
    inputs = inputs.join(canonical(table.reset_index(drop=True), schema.sources, str(path)))
    inputs.index = table.index
    targets = np.array([len(answer.encode()) for answer in answers], np.float32)
    groups = alike if settings.group is None else keys
    return Rows(inputs, targets, ids, keys, groups, times, schema, facts)


def _order(
    ids: np.ndarray, table: pd.DataFrame, config: BaseConfig
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the keys and the times by which the rows are split."""
    group, time = config.data.group, config.data.time
    if group and time:
        raise UserError("data.group and data.time are both set: split by one of them.")
    if time:
        return ids, times_of(table, time, config.data.path, [""])
    if group:
        return pd.util.hash_array(keys_of(cells_of(table, group))), None
    return ids, None


def load_new(path: Path, columns: list[Column], config: BaseConfig) -> pd.DataFrame:
    """Return the prompts of a file as the model takes them, with their properties."""
    left_out: list[str] = []
    raw = frame(path, [""], config.data, left_out)
    for text in left_out:
        say("warning", text)
    names = ("messages", "prompt", "text")
    check_names(raw.columns, [(name, getattr(config.data, name)) for name in names], path)
    chats = prompts(raw, config.data, path)
    known = next(column.words for column in columns if column.words)
    measured = canonical(made.measured(chats, known, answered=False), columns, str(path))
    return pd.DataFrame({"prompt": made.written(chats)}, dtype="str").join(measured)


def to_json_rows(inputs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows that a client in any language can read from JSON."""
    return [{"messages": json.loads(prompt)} for prompt in inputs["prompt"]]
