"""Which pictures are the same, or nearly: they must not be in two splits.

Two pictures are nearly the same when no colour of their 4 x 4 thumbnails differs by more than 6 of
255. Of photographs saved again as a worse JPEG or at half the size that finds all, and it joins no
two of the demo's digits; hashes of 64 bits (dHash) find four in five, and join drawings on white.
"""

import hashlib

import numpy as np
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

SIDE = 4  # pixels of a thumbnail
REACH = 6.5  # levels
NEAREST = 8  # neighbours that are asked for, itself too; chains of them join larger groups


def picture_id(picture: Image.Image) -> int:
    """Return 64 bits that only the same pixels give, whatever file they come from."""
    digest = hashlib.sha256(f"{picture.size}".encode() + picture.tobytes()).digest()
    return int.from_bytes(digest[:8], "little")


def look(picture: Image.Image) -> bytes:
    """Return the 48 levels of a thumbnail."""
    return picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR).tobytes()


def grouped(ids: np.ndarray, looks: list[bytes]) -> np.ndarray:
    """Return for each of (rows,) uint64 ids the smallest that a chain of near looks leads to."""
    known, first, places = np.unique(ids, return_index=True, return_inverse=True)
    levels = np.array([list(looks[row]) for row in first], np.float32)
    distances, found = KDTree(levels).query(
        levels, NEAREST, p=np.inf, distance_upper_bound=REACH, workers=-1
    )
    rows, ranks = np.nonzero(np.isfinite(distances))
    pairs = rows, found[rows, ranks]
    links = coo_array((np.ones(len(rows), bool), pairs), shape=(len(known), len(known)))
    groups = connected_components(links, directed=False)[1]
    smallest = known[np.unique(groups, return_index=True)[1]]
    return smallest[groups[places]]
