"""Duplicates and near-duplicates of images, which must not be in two splits.

Images of one kind, such as X-rays or documents, all look alike, so two of them are near-duplicates
when they differ little in comparison with the other images of their set: when the root mean square
difference of their thumbnails is at most 0.2 of that of two unrelated images. Thumbnails are
standardized, so that brightness and contrast do not matter. This finds photographs, X-rays and
pages of text that were saved again as a worse JPEG, at half the size or brighter, and hardly any
two that are unrelated. Where images differ in a few words or a small spot, a worse JPEG is missed.
"""

import hashlib

import numpy as np
from PIL import Image
from scipy.linalg import eigh
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

SIDE = 16  # pixels of a thumbnail
MAX_SHARE = 0.2  # of the difference between unrelated images
ONE_IMAGE = 0.03  # standard deviations: a set of smaller differences is one image, saved often
MAX_RATIO = 1.25  # of brightness, and of contrast
NOISE = 2.0  # levels: lower contrast is noise
COMPONENTS = 10  # principal components of thumbnails: a tree of more is slow
NEIGHBOURS = 8  # per image, including itself; chains of them join larger groups
SAMPLE = 5000  # images that represent the set
CHUNK = 10_000  # images or pairs


def image_id(image: Image.Image) -> int:
    """Return a 64-bit hash of the pixels, whatever the file format."""
    levels = image if image.mode == "RGB" else np.asarray(image, np.float32)
    digest = hashlib.sha256(f"{image.size}".encode() + levels.tobytes()).digest()
    return int.from_bytes(digest[:8], "little")


def thumbnail_levels(image: Image.Image) -> bytes:
    """Return the 768 levels of a thumbnail."""
    return image.resize((SIDE, SIDE), Image.Resampling.BILINEAR).tobytes()


def grouped(ids: np.ndarray, thumbnails: list[bytes]) -> np.ndarray:
    """Return for each of (rows,) uint64 ids the smallest id in its group of near-duplicates."""
    unique, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    levels = np.frombuffer(b"".join(thumbnails[row] for row in first), np.uint8)
    left, right = _similar(levels.reshape(len(unique), -1))
    links = coo_array((np.ones(len(left), bool), (left, right)), shape=(len(unique), len(unique)))
    groups = connected_components(links, directed=False)[1]
    smallest = unique[np.unique(groups, return_index=True)[1]]
    return smallest[groups[inverse]]


def _similar(levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of near-duplicates among (rows, 768) uint8, whose order is random."""
    sample = _standardized(levels[:: 1 + len(levels) // SAMPLE])
    unrelated = np.median(_difference(sample[1:], sample[:-1])) if len(sample) > 1 else 0.0
    bound = MAX_SHARE * float(unrelated) if unrelated > ONE_IMAGE else ONE_IMAGE
    projected = _projected(levels, sample)
    distances, found = KDTree(projected).query(
        projected, NEIGHBOURS, distance_upper_bound=bound, workers=-1
    )
    left, ranks = np.nonzero(np.isfinite(distances))
    pairs = np.unique(np.sort(np.column_stack([left, found[left, ranks]])), axis=0)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    starts = range(0, len(pairs), CHUNK)
    same = [_same(levels[pairs[at : at + CHUNK]], bound) for at in starts]
    left, right = pairs[np.concatenate([*same, np.empty(0, bool)])].T
    return left, right


def _projected(levels: np.ndarray, sample: np.ndarray) -> np.ndarray:
    """Return (rows, COMPONENTS), where images are no farther apart than by `_difference`."""
    width = levels.shape[1]
    covariance = np.cov(sample, rowvar=False, bias=True)
    axes = eigh(covariance, subset_by_index=(width - COMPONENTS, width - 1))[1] / np.sqrt(width)
    starts = range(0, len(levels), CHUNK)
    return np.concatenate([_standardized(levels[at : at + CHUNK]) @ axes for at in starts])


def _same(pairs: np.ndarray, bound: float) -> np.ndarray:
    """Return which of (pairs, 2, 768) thumbnails are alike, and not much brighter or paler."""
    left, right = pairs[:, 0], pairs[:, 1]
    close = _difference(_standardized(left), _standardized(right)) <= bound
    for light in (np.mean, np.std):
        ratio = (light(left, axis=1) + NOISE) / (light(right, axis=1) + NOISE)
        close &= np.abs(np.log(ratio)) <= np.log(MAX_RATIO)
    return close


def _difference(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.sqrt(np.mean((left - right) ** 2, axis=1))


def _standardized(levels: np.ndarray) -> np.ndarray:
    values = levels.astype(np.float32)
    spread = values.std(axis=1, keepdims=True)
    return (values - values.mean(axis=1, keepdims=True)) / np.maximum(spread, NOISE)
