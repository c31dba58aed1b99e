"""Conversations as columns: what a model is given, what is measured of it, and ids."""

import json

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..runs import UserError
from ..tables.cells import Column
from ..tables.schema import Schema
from ..texts.measures import sets
from ..texts.words import text_id, words
from .messages import Message
from .properties import properties, told


def answers(chats: list[list[Message]]) -> list[str]:
    """Return the text of the last message of each conversation."""
    return [chat[-1]["content"].strip() for chat in chats]


def written(chats: list[list[Message]]) -> list[str]:
    """Return lists of messages as JSON."""
    return [json.dumps(chat, ensure_ascii=False) for chat in chats]


def asked(chats: list[list[Message]]) -> list[list[str]]:
    """Return the words of the prompts, by which conversations are compared."""
    return [words(told(chat[:-1], chat[-1]["content"])) for chat in chats]


def ids(found: list[list[str]]) -> np.ndarray:
    """Return (rows,) uint64 of the words."""
    return np.array([text_id(each) for each in found], np.uint64)


def measured(chats: list[list[Message]], known: list[str], answered: bool = True) -> pd.DataFrame:
    """Return the properties of the prompts; all messages are prompts if not `answered`."""
    other = sets(known)
    if answered:
        rows = [properties(chat[:-1], other, chat[-1]["content"].strip()) for chat in chats]
    else:
        rows = [properties(chat, other) for chat in chats]
    return pd.DataFrame(rows)


def schema(columns: list[Column], config: BaseConfig) -> Schema:
    """Return the schema of prompts and answers, whose properties are `columns`."""
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
