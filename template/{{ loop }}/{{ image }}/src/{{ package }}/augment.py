"""Random augmentation of training images."""

import numpy as np

from .settings.model import Augment


def augmented(
    pixels: np.ndarray, augment: Augment, generators: list[np.random.Generator]
) -> np.ndarray:
    """Return uint8 (rows, size, size, 3), rotated, shifted, scaled, flipped and relit.

    Each row has a generator of its own, so it does not depend on the other rows of its batch.
    Pixels outside the image repeat its edge.
    """
    draws = np.array([each.uniform(-1, 1, 7) for each in generators], np.float32)
    turn, right, down, size, mirror, light, contrast = draws.T[..., None, None]
    angle = turn * np.float32(augment.rotate * np.pi / 180)
    scale = 1 + size * augment.scale
    flip = np.where((mirror < 0) & augment.flip, np.float32(-1), np.float32(1))
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    side = pixels.shape[1]
    centres = (2 * np.arange(side, dtype=np.float32) + 1) / side - 1  # of pixels, in -1 ... 1
    x, y = centres[None, None, :], centres[None, :, None]
    across = cos * flip * x - sin * y + right * 2 * augment.shift
    along = sin * flip * x + cos * y + down * 2 * augment.shift
    moved = _interpolated(pixels, across, along)
    mean = moved.mean(axis=(1, 2, 3), keepdims=True)
    gain, lift = 1 + contrast * augment.light, light * augment.light * 255
    relit = (moved - mean) * gain[..., None] + mean + lift[..., None]
    return relit.round().clip(0, 255).astype(np.uint8)


def _interpolated(pixels: np.ndarray, across: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Return float32 (rows, size, size, 3): levels at places in -1 ... 1, bilinearly."""
    rows, side, _, channels = pixels.shape
    places = ((each + 1) * (side / 2) - 0.5 for each in (across, along))
    x, y = (place.clip(0, side - 1) for place in places)
    left, top = x.astype(np.int32), y.astype(np.int32)
    right, bottom = np.minimum(left + 1, side - 1), np.minimum(top + 1, side - 1)
    x, y = (x - left)[..., None], (y - top)[..., None]
    flat = pixels.reshape(-1, channels)
    first = (np.arange(rows, dtype=np.int32) * side**2)[:, None, None]

    def levels(row: np.ndarray, column: np.ndarray) -> np.ndarray:
        return flat.take(first + row * side + column, axis=0).astype(np.float32)

    upper = levels(top, left) * (1 - x) + levels(top, right) * x
    lower = levels(bottom, left) * (1 - x) + levels(bottom, right) * x
    return upper * (1 - y) + lower * y
