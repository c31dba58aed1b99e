"""Which texts are the same, or nearly: they must not be in two splits.

Two texts are nearly the same when they share 80 % of their runs of five characters, after letters
are in lower case and every number is a 0. Candidates come from MinHash (Broder 1997) in bands
(Leskovec, Rajaraman & Ullman 2020, ch. 3); each pair is then counted, so that chance joins none.
"""

import re
from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

RUN = 5  # characters
HASHES, BAND = 64, 4  # texts meet if all hashes of a band agree
LEAST = 0.8  # share of all runs of both
DEVIATION = 0.05  # of a share that is estimated by so many hashes
AT_ONCE = 20_000  # texts whose hashes are in memory
ODD = np.uint64(0x9E3779B97F4A7C15)
SEEDS = np.random.default_rng(0).integers(0, 2**63, (HASHES, 2), np.uint64) | np.uint64(1)


def grouped(ids: np.ndarray, texts: Sequence[list[str]]) -> np.ndarray:
    """Return for each of (rows,) uint64 ids the smallest that a chain of near texts leads to.

    `texts` holds the words of each row.
    """
    known, first, places = np.unique(ids, return_index=True, return_inverse=True)
    plain = [re.sub(r"\d+", "0", " ".join(texts[row])).ljust(RUN) for row in first]
    pairs = [pair for pair in _candidates(plain) if _near(plain[pair[0]], plain[pair[1]])]
    ends = np.array(pairs, np.int64).reshape(-1, 2).T
    links = coo_array((np.ones(len(pairs), bool), tuple(ends)), shape=(len(known), len(known)))
    groups = connected_components(links, directed=False)[1]
    smallest = known[np.unique(groups, return_index=True)[1]]
    return smallest[groups[places]]


def _candidates(texts: list[str]) -> np.ndarray:
    """Return pairs of positions, (pairs, 2): texts that meet in a band, each with the next one."""
    starts = range(0, len(texts), AT_ONCE)
    signatures = np.concatenate([_signatures(texts[start : start + AT_ONCE]) for start in starts])
    found = []
    for band in np.split(signatures.astype(np.uint64), HASHES // BAND, axis=1):
        key = (band * SEEDS[:BAND, 0]).sum(axis=1)
        order = np.argsort(key, kind="stable")
        same = key[order[1:]] == key[order[:-1]]
        found.append(np.sort(np.column_stack([order[:-1], order[1:]])[same], axis=1))
    pairs = np.unique(np.concatenate(found), axis=0)
    alike = (signatures[pairs[:, 0]] == signatures[pairs[:, 1]]).mean(axis=1)
    return pairs[alike >= LEAST - 3 * DEVIATION]


def _signatures(texts: list[str]) -> np.ndarray:
    """Return for each text the least hash of its runs under each function, (texts, HASHES)."""
    sizes = np.array(list(map(len, texts)))
    starts, owners = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes)), sizes)
    codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32).astype(np.uint64)
    runs = np.zeros(len(codes), np.uint64)
    for step in range(RUN):
        runs = runs * ODD + np.roll(codes, -step)
    last = (starts + sizes - RUN)[owners]
    runs = runs[np.minimum(np.arange(len(codes)), last)]  # none reaches into the next text
    signatures = np.empty((len(sizes), HASHES), np.uint32)
    for column, (factor, shift) in enumerate(SEEDS):
        mixed = runs * factor + shift
        mixed = (mixed ^ (mixed >> np.uint64(32))) * ODD >> np.uint64(32)
        signatures[:, column] = np.minimum.reduceat(mixed, starts)
    return signatures


def _near(text: str, other: str) -> bool:
    if min(len(text), len(other)) < LEAST * max(len(text), len(other)) - RUN:
        return False
    one, two = _runs(text), _runs(other)
    shared = len(one & two)
    return shared >= LEAST * (len(one) + len(two) - shared)


def _runs(text: str) -> set[str]:
    return {text[start : start + RUN] for start in range(len(text) - RUN + 1)}
