"""From a text to the terms that the model counts.

A term is a run of words, or a run of letters within a word: "take off", "~<tak" or "~ake>" (n-grams
as in Bojanowski et al. 2017). No word holds one of ~ < > or a space, so none is mistaken.
"""

from collections import Counter
from functools import lru_cache

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


def _runs(word: str, shortest: int, longest: int) -> list[str]:
    marked = f"<{word}>"
    return [
        f"~{marked[start : start + size]}"
        for size in range(shortest, longest + 1)
        for start in range(len(marked) - size + 1)
    ]


_known_runs = lru_cache(1 << 14)(_runs)
