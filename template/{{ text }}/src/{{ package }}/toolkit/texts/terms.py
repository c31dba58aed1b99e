"""From a text to the terms that the model counts.

A term is an n-gram of words, or of characters within a word: "take off", "~<tak" or "~ake>" (as in
Bojanowski et al. 2017). Words contain none of ~ < > and spaces, so the two kinds never collide.
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from .words import words

MAX_CACHED = 32  # letters of a word; longer ones are too rare to cache
NONE = np.zeros(0, object)


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


class Known:
    """The terms that a model knows: it ignores all others, so these alone are counted.

    Of each word the numbers of its terms are kept, in a fraction of the time and room of the terms.
    """

    def __init__(self, names: list[str], lengths: tuple[int, int, int]) -> None:
        self.names = np.array(["", *names], object)
        self.codes = {name: code for code, name in enumerate(names, start=1)}
        self.lengths = lengths
        self._cached = lru_cache(1 << 15)(self._of_word)

    def counts(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the known terms of a text, and how often it holds each."""
        found, phrases = words(text), list[str]()
        for size in range(2, self.lengths[0] + 1):
            phrases += map(" ".join, zip(*(found[start:] for start in range(size)), strict=False))
        parts = [self._cached(w) if len(w) <= MAX_CACHED else self._of_word(w) for w in found]
        codes, counts = np.unique(
            np.concatenate([self._numbers(phrases), *parts]), return_counts=True
        )
        return self.names[codes], counts

    def _of_word(self, word: str) -> np.ndarray:
        """Return the numbers of a word and of its n-grams of characters."""
        max_words, *letters = self.lengths
        return self._numbers([word] * (max_words > 0) + ngrams(word, *letters))

    def _numbers(self, terms: list[str]) -> np.ndarray:
        """Return int32, of the known ones."""
        return np.array([*filter(None, map(self.codes.get, terms))], np.int32)


def encode(texts: Sequence[str], settings: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the inputs of a model that counts terms; `settings` are `tokens` of its contract.

    Its `folder` and `sha256` are needed if it names a file of the terms that the model knows.
    """
    lengths = settings["max_words"], settings["min_letters"], settings["max_letters"]
    if file := settings.get("known"):
        known = _known(Path(settings["folder"], file), settings["sha256"][file], lengths)
        pairs = [known.counts(text) for text in texts]
    else:
        found = [terms(text, *lengths) for text in texts]
        pairs = [(np.array([*each], object), np.array([*each.values()])) for each in found]
    return {
        "term": np.concatenate([NONE, *(names for names, _ in pairs)]),
        "count": np.concatenate([[], *(counts for _, counts in pairs)]).astype(np.float32),
        "row": np.repeat(np.arange(len(texts)), [len(term) for term, _ in pairs]),
        "rows": np.array([len(texts)]),
    }


@lru_cache(4)
def _known(path: Path, digest: str, lengths: tuple[int, int, int]) -> Known:
    """Return the terms in a file of this SHA-256."""
    return Known(path.read_text(encoding="utf-8").split("\n"), lengths)


def ngrams(word: str, shortest: int, longest: int) -> list[str]:
    """Return the n-grams of the characters of a word."""
    marked = f"<{word}>"
    return [
        f"~{marked[start : start + size]}"
        for size in range(shortest, longest + 1)
        for start in range(len(marked) - size + 1)
    ]


_cached_ngrams = lru_cache(1 << 14)(ngrams)
