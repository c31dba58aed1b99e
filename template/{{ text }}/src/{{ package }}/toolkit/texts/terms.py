"""From a text to the terms that the model counts.

A term is an n-gram of words, or of characters within a word: "take off", "~<tak" or "~ake>" (as in
Bojanowski et al. 2017). Words contain none of ~ < > and spaces, so the two kinds never collide.
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from .words import words

MAX_CACHED = 32  # letters of a word; longer ones are too rare to cache


def terms(text: str, max_words: int, min_letters: int, max_letters: int) -> Counter[str]:
    """Return the terms of a text with their counts."""
    found = words(text)
    count = Counter(found if max_words else [])
    for size in range(2, max_words + 1):
        count.update(map(" ".join, zip(*(found[start:] for start in range(size)), strict=False)))
    for word in found:
        pieces = _cached_ngrams if len(word) <= MAX_CACHED else ngrams
        count.update(pieces(word, min_letters, max_letters))
    return count


def encode(texts: Sequence[str], settings: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the inputs of a model that counts terms; `settings` are `tokens` of its contract."""
    lengths = settings["max_words"], settings["min_letters"], settings["max_letters"]
    counts = [terms(text, *lengths) for text in texts]
    sizes = np.array([len(count) for count in counts], np.int64)
    return {
        "term": np.array([term for count in counts for term in count], object),
        "count": np.array([n for count in counts for n in count.values()], np.float32),
        "row": np.repeat(np.arange(len(texts)), sizes),
        "rows": np.array([len(texts)]),
    }


def ngrams(word: str, shortest: int, longest: int) -> list[str]:
    """Return the n-grams of the characters of a word."""
    marked = f"<{word}>"
    return [
        f"~{marked[start : start + size]}"
        for size in range(shortest, longest + 1)
        for start in range(len(marked) - size + 1)
    ]


_cached_ngrams = lru_cache(1 << 14)(ngrams)
