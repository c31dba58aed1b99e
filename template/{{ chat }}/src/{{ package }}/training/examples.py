"""Conversations as tokens: what is learned of each, and batches of them."""

import json
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from ..toolkit.chats.tokens import IGNORED

Row = tuple[list[int], int]  # tokens, and how many of them are the prompt's


def pairs(inputs: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield each message to learn, the answer being the last, with the prompt before it."""
    columns = (inputs[name] for name in ("prompt", "answer", "learned"))
    for prompt, answer, learned in zip(*columns, strict=True):
        messages, places = json.loads(prompt), json.loads(learned)
        for place in places:
            yield json.dumps(messages[:place]), messages[place]["content"].strip()
        yield prompt, answer


def windows(ids: list[int], start: int, limit: int) -> Iterator[Row]:
    """Yield windows of at most `limit` tokens; each token from `start` on is scored in one.

    Later windows overlap the one before by half, as context.
    """
    yield ids[:limit], start
    half = limit // 2
    for begin in range(limit, len(ids), half):
        yield ids[begin - half : begin + half], half


def pad(rows: Sequence[Row], token: int) -> tuple[np.ndarray, np.ndarray]:
    """Return padded tokens, and labels for the answers only, each (rows, tokens) int64."""
    length = max(len(ids) for ids, _ in rows)
    ids = np.full((len(rows), length), token)
    labels = np.full_like(ids, IGNORED)
    for place, (row, start) in enumerate(rows):
        ids[place, : len(row)] = row
        labels[place, start : len(row)] = row[start:]
    return ids, labels
