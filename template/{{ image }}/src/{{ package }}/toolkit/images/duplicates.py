"""Duplicates and near-duplicates of images, which must not be in two splits.

Two images are near-duplicates when no colour of their 4 x 4 thumbnails differs by more than 6 of
255. This finds all photographs saved again as a worse JPEG or at half the size, and matches no two
of the demo's digits; 64-bit hashes (dHash) find four in five, and match drawings on white.
"""

import hashlib

import numpy as np
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

SIDE = 4  # pixels of a thumbnail
MAX_DISTANCE = 6.5  # levels
NEIGHBOURS = 8  # per image, including itself; chains of them join larger groups


def image_id(image: Image.Image) -> int:
    """Return a 64-bit hash of the pixels, whatever the file format."""
    digest = hashlib.sha256(f"{image.size}".encode() + image.tobytes()).digest()
    return int.from_bytes(digest[:8], "little")


def thumbnail_levels(image: Image.Image) -> bytes:
    """Return the 48 levels of a thumbnail."""
    return image.resize((SIDE, SIDE), Image.Resampling.BILINEAR).tobytes()


def grouped(ids: np.ndarray, thumbnails: list[bytes]) -> np.ndarray:
    """Return for each of (rows,) uint64 ids the smallest id in its group of near-duplicates."""
    unique, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    levels = np.array([list(thumbnails[row]) for row in first], np.float32)
    distances, found = KDTree(levels).query(
        levels, NEIGHBOURS, p=np.inf, distance_upper_bound=MAX_DISTANCE, workers=-1
    )
    rows, ranks = np.nonzero(np.isfinite(distances))
    pairs = rows, found[rows, ranks]
    links = coo_array((np.ones(len(rows), bool), pairs), shape=(len(unique), len(unique)))
    groups = connected_components(links, directed=False)[1]
    smallest = unique[np.unique(groups, return_index=True)[1]]
    return smallest[groups[inverse]]
