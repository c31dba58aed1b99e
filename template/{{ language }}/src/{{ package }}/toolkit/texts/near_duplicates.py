"""Duplicates and near-duplicates of texts, which must not be in two splits.

Two texts are near-duplicates when the Jaccard similarity of their shingles of five characters is at
least 0.8, in lower case and with every number replaced by 0. Candidates come from MinHash (Broder
1997) in bands (Leskovec, Rajaraman & Ullman 2020, ch. 3); each pair is then verified exactly.
"""

import re
from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

SHINGLE = 5  # characters
HASHES, BAND = 64, 4  # texts are candidates if all hashes of a band agree
MIN_SIMILARITY = 0.8  # Jaccard
DEVIATION = 0.05  # standard error of a similarity that is estimated by so many hashes
CHUNK = 20_000  # texts that are hashed at once
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
SEEDS = np.random.default_rng(0).integers(0, 2**63, (HASHES, 2), np.uint64) | np.uint64(1)


def grouped(ids: np.ndarray, texts: Sequence[list[str]]) -> np.ndarray:
    """Return for each of (rows,) uint64 ids the smallest id in its group of near-duplicates.

    `texts` are the words of each row.
    """
    unique, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    normalised = [re.sub(r"\d+", "0", " ".join(texts[row])).ljust(SHINGLE) for row in first]
    pairs = [
        pair for pair in _candidates(normalised) if _near(normalised[pair[0]], normalised[pair[1]])
    ]
    ends = np.array(pairs, np.int64).reshape(-1, 2).T
    links = coo_array((np.ones(len(pairs), bool), tuple(ends)), shape=(len(unique), len(unique)))
    groups = connected_components(links, directed=False)[1]
    smallest = unique[np.unique(groups, return_index=True)[1]]
    return smallest[groups[inverse]]


def _candidates(texts: list[str]) -> np.ndarray:
    """Return (pairs, 2) positions: neighbouring texts among those that agree in a band."""
    starts = range(0, len(texts), CHUNK)
    signatures = np.concatenate([_signatures(texts[start : start + CHUNK]) for start in starts])
    found = []
    for band in np.split(signatures.astype(np.uint64), HASHES // BAND, axis=1):
        key = (band * SEEDS[:BAND, 0]).sum(axis=1)
        order = np.argsort(key, kind="stable")
        same = key[order[1:]] == key[order[:-1]]
        found.append(np.sort(np.column_stack([order[:-1], order[1:]])[same], axis=1))
    pairs = np.unique(np.concatenate(found), axis=0)
    similarity = (signatures[pairs[:, 0]] == signatures[pairs[:, 1]]).mean(axis=1)
    return pairs[similarity >= MIN_SIMILARITY - 3 * DEVIATION]


def _signatures(texts: list[str]) -> np.ndarray:
    """Return MinHash signatures, (texts, HASHES): the smallest hashes of the shingles of each."""
    sizes = np.array(list(map(len, texts)))
    starts, owners = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes)), sizes)
    codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32).astype(np.uint64)
    shingles = np.zeros(len(codes), np.uint64)
    for step in range(SHINGLE):
        shingles = shingles * MULTIPLIER + np.roll(codes, -step)
    last = (starts + sizes - SHINGLE)[owners]
    shingles = shingles[np.minimum(np.arange(len(codes)), last)]  # none extends into the next text
    signatures = np.empty((len(sizes), HASHES), np.uint32)
    for column, (factor, shift) in enumerate(SEEDS):
        mixed = shingles * factor + shift
        mixed = (mixed ^ (mixed >> np.uint64(32))) * MULTIPLIER >> np.uint64(32)
        signatures[:, column] = np.minimum.reduceat(mixed, starts)
    return signatures


def _near(text: str, other: str) -> bool:
    if min(len(text), len(other)) < MIN_SIMILARITY * max(len(text), len(other)) - SHINGLE:
        return False
    one, two = _shingles(text), _shingles(other)
    shared = len(one & two)
    return shared >= MIN_SIMILARITY * (len(one) + len(two) - shared)


def _shingles(text: str) -> set[str]:
    return {text[start : start + SHINGLE] for start in range(len(text) - SHINGLE + 1)}
