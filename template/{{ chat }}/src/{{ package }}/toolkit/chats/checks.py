"""What conversations hold that a model had better not learn. No note quotes a secret."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from ..texts import reading
from ..texts.words import text_id, words
from .messages import Message
from .pii import found, masked
from .properties import told

LONG = 20_000  # characters
SAME, LEAST = 0.02, 5  # an answer to a larger share of prompts, and to so many, is told
MARKS = re.compile(  # special tokens of common models
    r"<\|[\w ]{1,30}\|>|</?s>|<(?:bos|eos|pad|unk|(?:start|end)_of_turn)>|\[/?INST\]"
)


def notes(chats: list[list[Message]], numbers: list[int], path: Path) -> list[str]:
    """Return what to know of (rows,) conversations, whose rows in the file are `numbers`."""
    texts = pd.Series(masked(message["content"]) for chat in chats for message in chat)
    told = [*_secret(chats, numbers), *_marked(chats, numbers)]
    told += [*_long(chats, numbers), *_same(chats, numbers)]
    return told + reading.notes(texts, 0, path)


def compared(
    chats: list[list[Message]], numbers: list[int], asked: np.ndarray, alike: np.ndarray
) -> pd.DataFrame:
    """Return what tables.repeats takes; the label is the first row with the same answer."""
    excerpts = [repr(masked(told(c[:-1], c[-1]["content"]))[: reading.EXCERPT]) for c in chats]
    table = pd.DataFrame({"id": asked, "near": alike, "name": excerpts, "row": numbers})
    said = [text_id(words(chat[-1]["content"])) if chat[:-1] else 0 for chat in chats]
    first = table.groupby(np.array(said, np.uint64))["row"].transform("min")
    return table.assign(label=[f"row {row}" for row in first])


def _secret(chats: list[list[Message]], numbers: list[int]) -> list[str]:
    rows: dict[str, list[int]] = {}
    for chat, number in zip(chats, numbers, strict=True):
        for kind in found("\n".join(message["content"] for message in chat)):
            rows.setdefault(kind, []).append(number)
    held = ", ".join(f"{kind} in {len(own):,} (row {own[0]})" for kind, own in rows.items())
    note = f"conversations seem to hold {held}: a model may repeat them, so remove what is private."
    return [note] * bool(rows)


def _marked(chats: list[list[Message]], numbers: list[int]) -> list[str]:
    rows = [
        (number, found[0])
        for chat, number in zip(chats, numbers, strict=True)
        if (found := [mark[0] for each in chat for mark in MARKS.finditer(each["content"])])
    ]
    note = f"{len(rows):,} conversations hold what looks like a special token, such as"
    return [f"{note} {rows[0][1]} in row {rows[0][0]}: it stays text."] if rows else []


def _long(chats: list[list[Message]], numbers: list[int]) -> list[str]:
    sizes = [sum(len(message["content"]) for message in chat) for chat in chats]
    rows = [number for number, size in zip(numbers, sizes, strict=True) if size > LONG]
    note = f"{len(rows):,} conversations have more than {LONG:,} characters, such as row"
    return [f"{note} {rows[0]}: a model reads its max_tokens alone."] if rows else []


def _same(chats: list[list[Message]], numbers: list[int]) -> list[str]:
    """Count the prompts of the commonest answer; plain texts share an empty one."""
    rows: dict[int, dict[str, int]] = {}
    for chat, number in zip(chats, numbers, strict=True):
        same = rows.setdefault(text_id(words(chat[-1]["content"])), {})
        same.setdefault(told(chat[:-1]), number)
    most = max(rows.values(), key=len, default={})
    if len(most) < LEAST or len(most) <= SAME * len(chats):
        return []
    row = next(iter(most.values()))
    note = f"{len(most):,} of {len(chats):,} prompts have the same answer, that of row {row}"
    return [f"{note}: a model may come to give it always."]
