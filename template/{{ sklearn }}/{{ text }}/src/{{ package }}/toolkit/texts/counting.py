"""The terms of many texts as sparse matrices, for training; `terms.py` counts those of a few."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count

import numpy as np
from scipy.sparse import csr_array, hstack

from .terms import ngrams
from .words import words

CHUNK = 2048  # texts at once, so that their terms don't fill the memory


def batches(
    texts: Sequence[str], max_words: int, min_letters: int, max_letters: int
) -> Iterator[tuple[list[str], csr_array]]:
    """Yield the different terms of some texts, and how often each text holds each: (rows, terms).

    The n-grams of a word are made once, and counted as often as the word.
    """
    for start in range(0, max(1, len(texts)), CHUNK):
        found = [words(text) for text in texts[start : start + CHUNK]]
        rows = np.repeat(np.arange(len(found)), np.array([*map(len, found)], np.int64))
        codes, known = _numbered(chain.from_iterable(found), len(rows))
        held = _matrix(rows, codes, len(found), len(known))
        parts = [(known, held)] * (max_words > 0)
        parts += _phrases(rows, codes, known, len(found), max_words)
        pieces = [ngrams(word, min_letters, max_letters) for word in known]
        owners = np.repeat(np.arange(len(known)), np.array([*map(len, pieces)], np.int64))
        places, names = _numbered(chain.from_iterable(pieces), len(owners))
        parts.append((names, held @ _matrix(owners, places, len(known), len(names))))
        yield [*chain.from_iterable(each for each, _ in parts)], _joined(parts)


def _joined(parts: list[tuple[list[str], csr_array]]) -> csr_array:
    matrix = hstack([counts for _, counts in parts], format="csr")
    matrix.sort_indices()
    return matrix


def _phrases(
    rows: np.ndarray, codes: np.ndarray, known: list[str], texts: int, longest: int
) -> Iterator[tuple[list[str], csr_array]]:
    """Yield the n-grams of two and more words, by their length."""
    starts, grams, names = np.arange(len(rows)), codes, known
    for size in range(2, longest + 1):
        ends = np.minimum(starts + size, len(rows)) - 1
        whole = (ends - starts == size - 1) & (rows[ends] == rows[starts])
        starts, ends = starts[whole], ends[whole]
        pairs = grams[whole] * len(known) + codes[ends]
        different, grams = np.unique(pairs, return_inverse=True)
        heads, tails = (part.tolist() for part in np.divmod(different, max(1, len(known))))
        names = [f"{names[head]} {known[tail]}" for head, tail in zip(heads, tails, strict=True)]
        yield names, _matrix(rows[starts], grams, texts, len(names))


def _numbered(values: Iterable[str], size: int) -> tuple[np.ndarray, list[str]]:
    """Return the number of each of `size` values, and the different values in their order."""
    known: defaultdict[str, int] = defaultdict(count().__next__)
    return np.fromiter(map(known.__getitem__, values), np.int64, size), [*known]


def _matrix(rows: np.ndarray, columns: np.ndarray, height: int, width: int) -> csr_array:
    """Return how often each pair occurs; `rows` are sorted."""
    ends = np.searchsorted(rows, np.arange(height + 1)).astype(np.int32)
    content = np.ones(len(rows), np.int32), columns.astype(np.int32), ends
    matrix = csr_array(content, shape=(height, width))
    matrix.sum_duplicates()  # in place
    return matrix
