"""Duplicates and near-duplicates of texts, which must not be in two splits.

Texts are compared by the words of their own: runs of words that many texts share (a signature, a
legal note, a quoted mail, a template) are left out, and every number becomes 0. Two texts are
near-duplicates if the Jaccard similarity of the shingles of five characters of their own words is
at least 0.8, or 0.6 if that of the whole texts is at least 0.8. Candidates come from
one-permutation MinHash (Li, Owen & Zhang 2012, with the densification of Shrivastava & Li 2014) in
bands (Leskovec, Rajaraman & Ullman 2020, ch. 3); each pair is then verified. Texts with too few
words of their own are near-duplicates only if equal but for numbers.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, count

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

RUN = 5  # words
MIN_COMMON, COMMON = 5, 0.01  # a run is common in more texts than this number, and this share
SHINGLE = 5  # characters
BINS, BAND = 64, 4  # texts are candidates if all hashes of a band agree
MIN_SIMILARITY, MIN_OWN = 0.8, 0.6  # Jaccard
DEVIATION = 0.05  # standard error of a similarity that is estimated by so many hashes
MIN_LARGE, LARGE = 10, 0.1  # a group is too large with more texts than this number, and this share
CHUNK = 2000  # texts that are hashed at once
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
EMPTY = np.uint64(2**64 - 1)
SEEDS = np.random.default_rng(0).integers(0, 2**63, BAND, np.uint64) | np.uint64(1)


def grouped(ids: np.ndarray, texts: Sequence[list[str]]) -> np.ndarray:
    """Return for each of (rows,) uint64 ids the smallest id in its group of near-duplicates.

    `texts` are the words of each row.
    """
    unique, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    distinct = [texts[row] for row in first]
    equal, whole, own = _compared(distinct)
    groups = pd.factorize(equal)[0]
    places = np.flatnonzero([len(text) > 0 for text in own])
    found = places[_candidates([own[place] for place in places])]
    pairs = [pair for pair in found if _are_near(pair[0], pair[1], own, whole)]
    linked = _linked(groups, np.array(pairs, np.int64).reshape(-1, 2))
    limit = max(MIN_LARGE, LARGE * len(unique))
    for finer in (groups, np.arange(len(unique))):  # of a chain, then of texts that count
        large = np.bincount(linked)[linked] > limit
        linked = np.where(large, len(unique) * 2 + finer, linked)
        linked = np.unique(linked, return_inverse=True)[1]
    _, start, groups = np.unique(linked, return_index=True, return_inverse=True)
    return unique[start][groups[inverse]]


def _linked(groups: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the groups, joined where a pair of texts links them."""
    ends, count = tuple(groups[pairs].T), int(groups.max(initial=-1)) + 1
    links = coo_array((np.ones(len(pairs), bool), ends), shape=(count, count))
    return connected_components(links, directed=False)[1][groups]


def _compared(texts: list[list[str]]) -> tuple[np.ndarray, list[str], list[str]]:
    """Return the hash, the text and the own words of each, without numbers; "" if too few."""
    known: defaultdict[str, int] = defaultdict(count().__next__)
    sizes = np.array([len(text) for text in texts], np.int64)
    codes = np.fromiter(map(known.__getitem__, chain.from_iterable(texts)), np.int64, sizes.sum())
    plain = np.array([re.sub(r"\d+", "0", word) for word in known], object)
    hashes = pd.util.hash_array(plain) if len(plain) else np.zeros(0, np.uint64)
    owners, ends = np.repeat(np.arange(len(sizes)), sizes), np.cumsum(sizes)
    rank = (np.arange(len(codes)) - (ends - sizes)[owners]).astype(np.uint64)
    mixed = _mix(hashes[codes] + _mix(rank * MULTIPLIER))  # where a word stands counts
    equal = np.zeros(len(sizes), np.uint64)
    np.add.at(equal, owners, mixed)
    particular = ~_common(hashes[codes], owners, len(sizes))
    words, parts = np.split(plain[codes], ends[:-1]), np.split(particular, ends[:-1])
    kept = [part if part.sum() >= RUN or part.all() else part & False for part in parts]
    own = [" ".join(each[part]) for each, part in zip(words, kept, strict=True)]
    return equal, [*map(" ".join, words)], [text.ljust(SHINGLE) if text else "" for text in own]


def _common(hashes: np.ndarray, owners: np.ndarray, texts: int) -> np.ndarray:
    """Return the mask of the words that are in a run of words that many texts share."""
    inside = np.zeros(len(hashes), bool)
    runs = _rolled(hashes, RUN)[: max(0, len(hashes) - RUN + 1)]
    starts = np.flatnonzero(owners[: len(runs)] == owners[RUN - 1 :][: len(runs)])
    order = starts[np.argsort(runs[starts], kind="stable")]
    new = np.append(True, runs[order[1:]] != runs[order[:-1]])[: len(order)]
    texts_of = np.append(True, owners[order[1:]] != owners[order[:-1]])[: len(order)] | new
    counts = np.bincount(np.cumsum(new) - 1, texts_of)[np.cumsum(new) - 1] if len(order) else new
    common = order[counts > max(MIN_COMMON, COMMON * texts)]
    for step in range(RUN):
        inside[common + step] = True
    return inside


def _rolled(values: np.ndarray, size: int) -> np.ndarray:
    """Return the hash of each run of so many values; those of the last ones wrap around."""
    hashes = np.zeros(len(values), np.uint64)
    for step in range(size):
        hashes = hashes * MULTIPLIER + np.roll(values, -step)
    return hashes


def _mix(values: np.ndarray) -> np.ndarray:
    values = (values ^ (values >> np.uint64(32))) * MULTIPLIER
    return (values ^ (values >> np.uint64(29))) * MULTIPLIER


def _candidates(texts: list[str]) -> np.ndarray:
    """Return (pairs, 2) positions: neighbouring texts among those that agree in a band."""
    starts = range(0, max(1, len(texts)), CHUNK)
    signatures = np.concatenate([_signatures(texts[start : start + CHUNK]) for start in starts])
    found = []
    for band in np.split(signatures, BINS // BAND, axis=1):
        key = (band * SEEDS).sum(axis=1)
        order = np.argsort(key, kind="stable")
        same = key[order[1:]] == key[order[:-1]]
        found.append(np.sort(np.column_stack([order[:-1], order[1:]])[same], axis=1))
    pairs = np.unique(np.concatenate(found), axis=0)
    similarity = (signatures[pairs[:, 0]] == signatures[pairs[:, 1]]).mean(axis=1)
    return pairs[similarity >= MIN_OWN - 3 * DEVIATION]


def _signatures(texts: list[str]) -> np.ndarray:
    """Return (texts, BINS) uint64: each shingle falls into a bin, which keeps its smallest hash."""
    sizes = np.array([*map(len, texts)], np.int64)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    hashes = _mix(_rolled(_code_points(texts), SHINGLE))
    last = (np.cumsum(sizes) - SHINGLE)[owners]
    whole = np.arange(len(hashes)) <= last  # the others extend into the next text
    hashes, owners = hashes[whole], owners[whole]
    smallest = np.full(len(sizes) * BINS, EMPTY)
    places = owners * BINS + (hashes >> np.uint64(58)).astype(np.int64)
    np.minimum.at(smallest, places, hashes << np.uint64(6))
    signatures = smallest.reshape(-1, BINS)
    for distance in range(1, BINS):  # an empty bin takes the hash of the next one
        if not (signatures == EMPTY).any():
            break
        following = np.roll(signatures, -1, axis=1)
        moved = np.where(following == EMPTY, EMPTY, following + np.uint64(distance))
        signatures = np.where(signatures == EMPTY, moved, signatures)
    return signatures


def _are_near(one: int, two: int, own: list[str], whole: list[str]) -> bool:
    similarity = _similarity(own[one], own[two])
    if similarity >= MIN_SIMILARITY or similarity < MIN_OWN:
        return similarity >= MIN_SIMILARITY
    return _similarity(whole[one], whole[two]) >= MIN_SIMILARITY


def _similarity(text: str, other: str) -> float:
    """Return the Jaccard similarity of the shingles, 0 if the lengths are too different."""
    if min(len(text), len(other)) < MIN_OWN * max(len(text), len(other)) - SHINGLE:
        return 0.0
    one, two = _shingles(text), _shingles(other)
    shared = len(np.intersect1d(one, two, assume_unique=True))
    return shared / (len(one) + len(two) - shared)


def _shingles(text: str) -> np.ndarray:
    """Return the hashes of the different shingles."""
    return np.unique(_rolled(_code_points([text]), SHINGLE)[: max(1, len(text) - SHINGLE + 1)])


def _code_points(texts: list[str]) -> np.ndarray:
    return np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32).astype(np.uint64)
