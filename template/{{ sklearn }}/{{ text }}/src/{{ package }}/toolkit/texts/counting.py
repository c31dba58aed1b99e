"""The terms of many texts as sparse matrices, for training; `terms.py` counts those of a few.

Words are numbered, and each is taken apart once, however often it occurs: a matrix (words, terms)
holds its n-grams of characters, and a product with it counts them in every text. Phrases, the
n-grams of words, are found by a key: the number of all words but the last, and that of the last.
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, count, islice

import numpy as np
from scipy.sparse import csr_array

from .terms import ngrams
from .words import words

CHUNK = 2048  # texts at once, so that their terms don't fill the memory
SHIFT = 32  # bits of a word's number in a key
LIMIT = 1 << 18  # words that a vocabulary keeps between calls: about 100 MB
Pair = tuple[np.ndarray, np.ndarray]


def frequent(
    texts: Sequence[str], lengths: tuple[int, int, int], least: int, most: int
) -> dict[str, int]:
    """Return the terms in at least so many texts, and in how many each is: of these, the most
    frequent, at most so many, sorted; `lengths` are as in `terms.terms`."""
    numbers: defaultdict[str, int] = defaultdict(count(1).__next__)
    table, chunks, parts = Table(numbers.__getitem__, lengths), list[Pair](), list[np.ndarray]()
    for part in split(texts):
        chunks.append(table.numbered(part))
        parts.append(np.bincount(table.counted(*chunks[-1], len(part), 0).indices))
    held = np.zeros(1 + len(numbers), np.int64)
    for each in parts:
        held[: len(each)] += each
    phrases = _frequent_phrases(chunks, lengths[0], least)
    counts = [held, *(texts for _, texts in phrases)]
    least = max(least, _nth(np.concatenate(counts), most))
    places = [np.flatnonzero(total >= least) for total in counts]
    names, words, keys = ["", *numbers], [*table.known], [keys for keys, _ in phrases]
    named = [names[place] for place in places[0]]
    for level, chosen in enumerate(places[1:]):
        named += _named(keys, level, chosen, words)
    totals = np.concatenate([total[chosen] for total, chosen in zip(counts, places, strict=True)])
    kept = sorted(zip((-totals).tolist(), named, strict=True))[:most]
    return {term: -total for total, term in sorted(kept, key=lambda pair: pair[1])}


def split(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the texts, or none, in parts."""
    return (texts[start : start + CHUNK] for start in range(0, max(1, len(texts)), CHUNK))


class Vocabulary:
    """Counts known terms in texts; what it finds about a word it keeps for the next texts."""

    def __init__(self, terms: list[str], lengths: tuple[int, int, int]) -> None:
        self.codes = {term: code for code, term in enumerate(terms, start=1)}
        self.lengths = lengths
        self._start()

    def _start(self) -> None:
        self.table = Table(self.codes.get, self.lengths)
        phrases = {term: code for term, code in self.codes.items() if " " in term}
        self.levels = _levels(phrases, self.table.known)

    def counts(self, texts: Sequence[str]) -> csr_array:
        """Return how often each text holds each term: int32 (texts, 1 + terms), sorted; the
        first column is empty."""
        if len(self.table.known) > LIMIT + len(self.codes):
            self._start()
        codes, rows = self.table.numbered(texts)
        counts = self.table.counted(codes, rows, len(texts), 1 + len(self.codes))
        counts.sort_indices()
        for pair in _places(codes, rows, self.levels):
            counts += csr_array((np.ones(len(pair[0]), np.int32), pair), shape=counts.shape)
        return counts


def _nth(counts: np.ndarray, most: int) -> int:
    """Return the count of the last of the most frequent terms; 0 if there are fewer."""
    return int(np.partition(counts, -most)[-most]) if len(counts) > most else 0


class Table:
    """The numbers of words, and the columns of the terms in each; it grows with every new word."""

    def __init__(self, column: Callable[[str], int | None], lengths: tuple[int, int, int]) -> None:
        """`column` returns that of a term, if it has one; `lengths` are as in `terms.terms`."""
        self.known: defaultdict[str, int] = defaultdict(count().__next__)
        self._column, self._lengths = column, lengths
        self._columns, self._ends = array("i"), array("i", [0])
        self._parts = csr_array((0, 0), dtype=np.int32)

    def numbered(self, texts: Sequence[str]) -> Pair:
        """Return the number of each word of some texts, and the place of its text: both int32."""
        found = [words(text) for text in texts]
        rows = np.repeat(np.arange(len(found), dtype=np.int32), [*map(len, found)])
        numbers = map(self.known.__getitem__, chain.from_iterable(found))
        return np.fromiter(numbers, np.int32, len(rows)), rows

    def counted(self, codes: np.ndarray, rows: np.ndarray, texts: int, width: int) -> csr_array:
        """Return how often each text holds each word and n-gram of characters."""
        parts = self._taken_apart()
        ends = np.searchsorted(rows, np.arange(texts + 1, dtype=np.int32)).astype(np.int32)
        content = np.ones(len(codes), np.int32), codes, ends
        shape = parts.shape[0], max(width, parts.shape[1])
        parts = csr_array((parts.data, parts.indices, parts.indptr), shape=shape)
        return csr_array(content, shape=(texts, shape[0])) @ parts

    def _taken_apart(self) -> csr_array:
        """Return the matrix (words, terms)."""
        if len(self.known) == len(self._ends) - 1 == self._parts.shape[0]:
            return self._parts
        max_words, *letters = self._lengths
        for word in islice(self.known, len(self._ends) - 1, None):
            found = [word] * (max_words > 0) + ngrams(word, *letters)
            self._columns.extend(filter(None, map(self._column, found)))
            self._ends.append(len(self._columns))
        columns, ends = np.array(self._columns, np.int32), np.array(self._ends, np.int32)
        shape = len(self.known), int(columns.max(initial=-1)) + 1
        self._parts = csr_array((np.ones(len(columns), np.int32), columns, ends), shape=shape)
        return self._parts


def _levels(phrases: dict[str, int], known: defaultdict[str, int]) -> list[Pair]:
    """Return the keys of phrases for `_places`, by their length, from the column of each.

    A phrase that only begins another one has the column 0. `known` numbers the words.
    """
    split = [phrase.split(" ") for phrase in phrases]
    columns = np.fromiter(phrases.values(), np.int64, len(split))
    heads = np.array([known[each[0]] for each in split], np.int64)
    found = []
    for size in range(2, max(map(len, split), default=1) + 1):
        kept = np.array([len(each) >= size for each in split])
        split = [each for each in split if len(each) >= size]
        heads, columns = heads[kept], columns[kept]
        keys = heads << SHIFT | np.array([known[each[size - 1]] for each in split], np.int64)
        keys, heads = np.unique(keys, return_inverse=True)
        whole = np.array([len(each) == size for each in split])
        of_keys = np.zeros(len(keys), np.int32)  # liblinear takes no other indices
        of_keys[heads[whole]] = columns[whole]
        found.append((keys, of_keys))
    return found


def _places(codes: np.ndarray, rows: np.ndarray, found: Iterable[Pair]) -> Iterator[Pair]:
    """Yield the texts that hold a phrase of each level, and its column, as often as they do."""
    starts, heads = np.arange(len(codes)), codes
    for size, (keys, columns) in enumerate(found, start=2):
        starts, own = _keys(starts, heads, codes, rows, size)
        starts, heads = _known(starts, own, keys)
        whole = columns[heads] > 0
        yield rows[starts[whole]], columns[heads[whole]]


def _frequent_phrases(chunks: list[Pair], longest: int, least: int) -> list[Pair]:
    """Return the sorted keys of phrases in at least so many texts, and in how many each is.

    `chunks` are the results of `Table.numbered`. A phrase is as frequent as its beginning at most.
    """
    ahead, found = [(np.arange(len(codes)), codes) for codes, _ in chunks], []
    for size in range(2, longest + 1):
        keyed = [_keys(*at, *chunk, size) for at, chunk in zip(ahead, chunks, strict=True)]
        rows = (rows[starts] for (starts, _), (_, rows) in zip(keyed, chunks, strict=True))
        keys, texts = _texts_with([own for _, own in keyed], rows)
        keys, texts = keys[texts >= least], texts[texts >= least]
        found.append((keys, texts))
        ahead = [_known(*each, keys) for each in keyed]
    return found


def _named(found: list[np.ndarray], level: int, places: np.ndarray, known: list[str]) -> list[str]:
    """Return phrases as texts; `found` are the keys of each level, `known` the words."""
    heads, tails = found[level][places] >> SHIFT, found[level][places] & ((1 << SHIFT) - 1)
    begun = _named(found, level - 1, heads, known) if level else [known[head] for head in heads]
    return [f"{head} {known[tail]}" for head, tail in zip(begun, tails, strict=True)]


def _keys(
    starts: np.ndarray, heads: np.ndarray, codes: np.ndarray, rows: np.ndarray, size: int
) -> Pair:
    """Return where phrases of `size` words start, and their keys, given their beginnings."""
    ends = np.minimum(starts + size, len(rows)) - 1
    whole = (ends - starts == size - 1) & (rows[ends] == rows[starts])
    return starts[whole], heads[whole].astype(np.int64) << SHIFT | codes[ends[whole]]


def _known(starts: np.ndarray, own: np.ndarray, keys: np.ndarray) -> Pair:
    """Return where known phrases start, and the place of each among the keys."""
    if not len(keys):
        return starts[:0], starts[:0]
    place = np.minimum(np.searchsorted(keys, own), len(keys) - 1)
    same = keys[place] == own
    return starts[same], place[same]


def _texts_with(keyed: Iterable[np.ndarray], rows: Iterable[np.ndarray]) -> Pair:
    """Return the different keys, sorted, and how many texts hold each."""
    parts = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for own, owners in zip(keyed, rows, strict=True):
        keys, place = np.unique(own, return_inverse=True)
        pairs = np.sort(place * CHUNK + owners)
        pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]
        parts.append((keys, np.bincount(pairs // CHUNK, minlength=len(keys))))
        if sum(len(keys) for keys, _ in parts[1:]) > len(parts[0][0]):
            parts = [_added(parts)]  # seldom: each time there are twice as many
    return _added(parts)


def _added(parts: list[Pair]) -> Pair:
    keys, place = np.unique(np.concatenate([keys for keys, _ in parts]), return_inverse=True)
    counts = np.zeros(len(keys), np.int64)
    np.add.at(counts, place, np.concatenate([texts for _, texts in parts]))
    return keys, counts
