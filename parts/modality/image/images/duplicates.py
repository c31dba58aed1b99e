"""Which pictures are the same, or nearly: they must not be in two splits.

Two pictures are nearly the same when their 64-bit difference hashes (Krawetz 2013) differ in one
bit at most. Of photographs saved again as JPEG or at half the size that finds four in five; two
bits would find nine in ten, but already join pictures that merely look alike.
"""

import hashlib

import numpy as np
import pandas as pd
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

SIDE = 8  # rows of a hash, and bits of a row
BITS = np.append(np.uint64(0), np.uint64(1) << np.arange(SIDE * SIDE, dtype=np.uint64))


def picture_id(picture: Image.Image) -> int:
    """Return 64 bits that only the same pixels give, whatever file they come from."""
    digest = hashlib.sha256(f"{picture.size}".encode() + picture.tobytes()).digest()
    return int.from_bytes(digest[:8], "little")


def near_hash(picture: Image.Image) -> int:
    """Return 64 bits, one for each cell of 8 x 8: is the one to its right brighter?"""
    small = picture.convert("L").resize((SIDE + 1, SIDE), Image.Resampling.BILINEAR)
    grey = np.asarray(small)
    return int.from_bytes(np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes(), "little")


def kin(hashes: np.ndarray) -> np.ndarray:
    """Return for each of (rows,) uint64 hashes the smallest that a chain of near ones leads to."""
    known, places = np.unique(hashes, return_inverse=True)
    rows, columns = [], []
    for bit in BITS:
        near = known ^ bit
        found = np.searchsorted(known, near).clip(max=len(known) - 1)
        hits = np.flatnonzero(known[found] == near)
        rows.append(hits)
        columns.append(found[hits])
    pairs = np.concatenate(rows), np.concatenate(columns)
    links = coo_array((np.ones(len(pairs[0]), bool), pairs), shape=(len(known), len(known)))
    groups = connected_components(links, directed=False)[1]
    smallest = known[np.unique(groups, return_index=True)[1]]
    return smallest[groups[places]]


def notes(table: pd.DataFrame) -> list[str]:
    """Say how many rows (id, near, label, file) repeat another, and which under another label."""
    texts = []
    for key, what, rows in (
        ("id", "the same as", table),
        ("near", "nearly the same as", table.drop_duplicates("id")),
    ):
        repeats = rows[rows.duplicated(key, keep=False)]
        unlike = repeats[repeats.groupby(key)["label"].transform("nunique") > 1]
        text = f"{len(repeats):,} pictures are {what} another one"
        if len(unlike):
            pair = unlike[unlike[key] == unlike[key].iloc[0]].drop_duplicates("label").head(2)
            named = " and ".join(f"{row.file} ({row.label})" for row in pair.itertuples())
            text += f", {len(unlike):,} of them beside one of another label, such as {named}"
        texts += [f"{text}."] * (len(repeats) > 0)
    return texts
