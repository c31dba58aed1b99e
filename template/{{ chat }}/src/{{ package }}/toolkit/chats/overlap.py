"""Contamination: held-out answers that share long runs of words with training conversations.

Runs of 13 words, as in the decontamination of GPT-3's training data (Brown et al. 2020, appendix
C); a shorter answer is compared as a whole, but not if it has fewer than 8 words, which may recur
by chance.
"""

import json
from collections.abc import Iterator

import pandas as pd

from ..texts.words import words

RUN, MIN_WORDS = 13, 8  # words
NEARLY = 0.8  # share of an answer's runs above which nearly all of it is known
Overlaps = dict[int, tuple[int, float]]  # held-out row: a training row, share of known runs


def overlaps(train: pd.DataFrame, held_out: pd.DataFrame) -> Overlaps:
    """Return the rows of `held_out` whose answers overlap with training, by their labels."""
    answers = {row: words(answer) for row, answer in held_out["answer"].items()}
    sizes = {min(RUN, len(answer)) for answer in answers.values() if len(answer) >= MIN_WORDS}
    known = {
        run: row
        for row, text in _messages(train)
        for size in sorted(sizes)
        for run in _runs(text, size)
    }
    found: Overlaps = {}
    for row, answer in answers.items():
        runs = _runs(answer, min(RUN, len(answer))) if len(answer) >= MIN_WORDS else []
        if rows := [known[run] for run in runs if run in known]:
            found[int(row)] = rows[0], len(rows) / len(runs)  # type: ignore[call-overload]
    return found


def note(train: pd.DataFrame, held_out: pd.DataFrame, name: str, path: str) -> list[str]:
    """Return a note on the overlapping answers of the split called `name`, with an example."""
    found = overlaps(train, held_out)
    if not found:
        return []
    row, (other, _) = max(found.items(), key=lambda each: each[1][1])
    nearly = sum(share >= NEARLY for _, share in found.values())
    return [
        f"{len(found):,} of {len(held_out):,} {name} answers share {RUN} consecutive words with "
        f"training conversations, {nearly:,} of them nearly all of their words, such as row "
        f"{row + 1} of {path} with row {other + 1}: their metrics partly measure memorization."
    ]


def _messages(train: pd.DataFrame) -> Iterator[tuple[int, list[str]]]:
    """Yield the label and the words of each message."""
    for row, prompt, answer in zip(train.index, train["prompt"], train["answer"], strict=True):
        for text in [*(message["content"] for message in json.loads(prompt)), answer]:
            yield row, words(text)


def _runs(text: list[str], size: int) -> list[int]:
    return [hash(tuple(text[at : at + size])) for at in range(len(text) - size + 1)]
