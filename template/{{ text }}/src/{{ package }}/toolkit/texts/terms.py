"""From a text to the terms that the model counts.

A term is a run of words, or a run of letters within a word: "take off", "~<tak" or "~ake>" (n-grams
as in Bojanowski et al. 2017). No word holds one of ~ < > or a space, so none is mistaken.
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from .words import words

LONG = 32  # letters; rarer words are not worth remembering


def terms(text: str, max_words: int, min_letters: int, max_letters: int) -> Counter[str]:
    """Return the terms of a text and how often it holds each."""
    found = words(text)
    count = Counter(found if max_words else [])
    for size in range(2, max_words + 1):
        count.update(map(" ".join, zip(*(found[start:] for start in range(size)), strict=False)))
    for word in found:
        runs = _known_runs if len(word) <= LONG else _runs
        count.update(runs(word, min_letters, max_letters))
    return count


def encode(texts: Sequence[str], told: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the inputs of a model that counts terms; `told` is what its contract says of them."""
    lengths = told["max_words"], told["min_letters"], told["max_letters"]
    counts = [terms(text, *lengths) for text in texts]
    sizes = np.array([len(count) for count in counts], np.int64)
    return {
        "term": np.array([term for count in counts for term in count], object),
        "count": np.array([n for count in counts for n in count.values()], np.float32),
        "row": np.repeat(np.arange(len(texts)), sizes),
        "rows": np.array([len(texts)]),
    }


def _runs(word: str, shortest: int, longest: int) -> list[str]:
    marked = f"<{word}>"
    return [
        f"~{marked[start : start + size]}"
        for size in range(shortest, longest + 1)
        for start in range(len(marked) - size + 1)
    ]


_known_runs = lru_cache(1 << 14)(_runs)
