"""What a model should not learn from conversations: secrets, and repeated or overlong texts.

No note quotes a secret.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from ..texts import reading
from ..texts.words import text_id, words
from .messages import Message
from .pii import find_pii, mask
from .properties import prompt_text

MAX_CHARACTERS = 20_000
SAME_SHARE, MIN_SAME = 0.02, 5  # an answer to more prompts than both is reported
SPECIAL_TOKENS = re.compile(  # of common models
    r"<\|[\w ]{1,30}\|>|</?s>|<(?:bos|eos|pad|unk|(?:start|end)_of_turn)>|\[/?INST\]"
)


def notes(chats: list[list[Message]], numbers: list[int], path: Path) -> list[str]:
    """Return the findings on (rows,) conversations, whose row numbers in the file are `numbers`."""
    texts = pd.Series(mask(message["content"]) for chat in chats for message in chat)
    return [
        *_private(chats, numbers),
        *_special_tokens(chats, numbers),
        *_long(chats, numbers),
        *_same_answer(chats, numbers),
        *reading.notes(texts, 0, path),
    ]


def repeats_table(
    chats: list[list[Message]], numbers: list[int], prompt_ids: np.ndarray, groups: np.ndarray
) -> pd.DataFrame:
    """Return the table for tables.repeats; the label is the first row with the same answer."""
    excerpts = [repr(mask(prompt_text(c[:-1], c[-1]["content"]))[: reading.EXCERPT]) for c in chats]
    table = pd.DataFrame({"id": prompt_ids, "near": groups, "name": excerpts, "row": numbers})
    answers = [text_id(words(chat[-1]["content"])) if chat[:-1] else 0 for chat in chats]
    first = table.groupby(np.array(answers, np.uint64))["row"].transform("min")
    return table.assign(label=[f"row {row}" for row in first])


def _private(chats: list[list[Message]], numbers: list[int]) -> list[str]:
    rows: dict[str, list[int]] = {}
    for chat, number in zip(chats, numbers, strict=True):
        for kind in find_pii("\n".join(message["content"] for message in chat)):
            rows.setdefault(kind, []).append(number)
    found = ", ".join(f"{kind} in {len(own):,} (row {own[0]})" for kind, own in rows.items())
    advice = "a model may repeat them, so remove private data"
    return [f"conversations seem to contain {found}: {advice}."] * bool(rows)


def _special_tokens(chats: list[list[Message]], numbers: list[int]) -> list[str]:
    rows = [
        (number, found[0])
        for chat, number in zip(chats, numbers, strict=True)
        if (found := [match[0] for m in chat for match in SPECIAL_TOKENS.finditer(m["content"])])
    ]
    note = f"{len(rows):,} conversations contain what looks like a special token, such as"
    return [f"{note} {rows[0][1]} in row {rows[0][0]}: it is read as plain text."] if rows else []


def _long(chats: list[list[Message]], numbers: list[int]) -> list[str]:
    sizes = [sum(len(message["content"]) for message in chat) for chat in chats]
    rows = [number for number, size in zip(numbers, sizes, strict=True) if size > MAX_CHARACTERS]
    note = f"{len(rows):,} conversations have more than {MAX_CHARACTERS:,} characters, such as row"
    return [f"{note} {rows[0]}: they are truncated to model.max_tokens."] if rows else []


def _same_answer(chats: list[list[Message]], numbers: list[int]) -> list[str]:
    """Count the prompts of the most common answer; plain texts share an empty prompt."""
    rows: dict[int, dict[str, int]] = {}
    for chat, number in zip(chats, numbers, strict=True):
        prompts = rows.setdefault(text_id(words(chat[-1]["content"])), {})
        prompts.setdefault(prompt_text(chat[:-1]), number)
    largest = max(rows.values(), key=len, default={})
    if len(largest) < MIN_SAME or len(largest) <= SAME_SHARE * len(chats):
        return []
    row = next(iter(largest.values()))
    note = f"{len(largest):,} of {len(chats):,} prompts have the same answer, that of row {row}"
    return [f"{note}: a model may learn to always give it."]
