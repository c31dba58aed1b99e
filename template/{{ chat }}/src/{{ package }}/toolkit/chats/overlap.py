"""Answers that are held out and yet known: they share long runs of words with training rows.

Runs of 13 words, as GPT-3's training data was cleaned by (Brown et al. 2020, appendix C); a shorter
answer is looked for by all of its words, but one of fewer than 8 may well be said twice.
"""

import json
from collections.abc import Iterator

import pandas as pd

from ..texts.words import words

LONG, SHORT = 13, 8  # words
NEARLY = 0.8  # share of an answer's runs that makes it nearly the same
Places = dict[int, tuple[int, float]]  # a held-out row: one of training, share of its known runs


def places(train: pd.DataFrame, held: pd.DataFrame) -> Places:
    """Return the rows of `held` whose answers are partly known, by their labels."""
    answers = {row: words(answer) for row, answer in held["answer"].items()}
    sizes = {min(LONG, len(found)) for found in answers.values() if len(found) >= SHORT}
    known = {
        run: row
        for row, found in _said(train)
        for size in sorted(sizes)
        for run in _runs(found, size)
    }
    told = dict[int, tuple[int, float]]()
    for row, found in answers.items():
        runs = _runs(found, min(LONG, len(found))) if len(found) >= SHORT else []
        if rows := [known[run] for run in runs if run in known]:
            told[int(row)] = rows[0], len(rows) / len(runs)  # type: ignore[call-overload]
    return told


def note(train: pd.DataFrame, held: pd.DataFrame, name: str, path: str) -> list[str]:
    """Say how many answers of the rows called `name` are known, with the place of one."""
    told = places(train, held)
    if not told:
        return []
    row, (other, _) = max(told.items(), key=lambda each: each[1][1])
    same = sum(share >= NEARLY for _, share in told.values())
    return [
        f"{len(told):,} of {len(held):,} {name} answers share {LONG} words in a row with training "
        f"conversations, {same:,} of them nearly all of their words, such as row {row + 1} of "
        f"{path} with row {other + 1}: what they measure is partly memory."
    ]


def _said(train: pd.DataFrame) -> Iterator[tuple[int, list[str]]]:
    """Yield the label and the words of each message."""
    for row, prompt, answer in zip(train.index, train["prompt"], train["answer"], strict=True):
        for text in [*(message["content"] for message in json.loads(prompt)), answer]:
            yield row, words(text)


def _runs(found: list[str], size: int) -> list[int]:
    return [hash(tuple(found[at : at + size])) for at in range(len(found) - size + 1)]
