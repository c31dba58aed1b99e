"""Conversations as columns: prompts, answers, properties and ids."""

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
from .properties import prompt_text, properties


def answers(chats: list[list[Message]]) -> list[str]:
    """Return the text of the last message of each conversation."""
    return [chat[-1]["content"].strip() for chat in chats]


def to_json(chats: list[list[Message]]) -> list[str]:
    """Return lists of messages as JSON."""
    return [json.dumps(chat, ensure_ascii=False) for chat in chats]


def prompt_words(chats: list[list[Message]]) -> list[list[str]]:
    """Return the words of each prompt, by which conversations are compared."""
    return [words(prompt_text(chat[:-1], chat[-1]["content"])) for chat in chats]


def ids(texts: list[list[str]]) -> np.ndarray:
    """Return (rows,) uint64 of lists of words."""
    return np.array([text_id(each) for each in texts], np.uint64)


def measure(chats: list[list[Message]], known: list[str], answered: bool = True) -> pd.DataFrame:
    """Return the properties of the prompts; if not `answered`, all messages are prompts."""
    vocabularies = sets(known)
    if answered:
        rows = [properties(chat[:-1], vocabularies, chat[-1]["content"].strip()) for chat in chats]
    else:
        rows = [properties(chat, vocabularies) for chat in chats]
    return pd.DataFrame(rows)


def schema(columns: list[Column], config: BaseConfig) -> Schema:
    """Return the schema of prompts and answers, whose properties are `columns`."""
    names = ["prompt", "answer"]
    source = [config.data.source] if config.data.source else []
    if taken := {*source} & {*names, "learned", *(column.name for column in columns)}:
        raise UserError(f"data.source: the name {taken.pop()!r} is reserved; rename that column.")
    return Schema(
        target=config.data.target,
        labels=None,
        columns=[Column(name=name, kind="text") for name in names],
        properties=columns,
        sources=[Column(name=name, kind="category") for name in source],
    )
