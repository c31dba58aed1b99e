"""From the bytes of an image to pixels, the same in training and in serving: numpy and Pillow.

An image is squashed to a square: every part of it is kept, in one step that a client in any
language can repeat. Its aspect ratio is one of its properties.
"""

import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "JPEG2000", "GIF", "BMP", "TIFF", "PPM")
MAX_PIXELS = 80_000_000  # of one image; a larger one may be a decompression bomb
MIN_SIDE = 4  # pixels
RESIZE = (
    "after the EXIF orientation, over white where transparent: Pillow's bilinear, straight to "
    "size x size whatever the shape (a triangle filter, as wide as the scale where it shrinks; "
    "8-bit after each pass, across before down)"
)


class BrokenError(Exception):
    """Why a file is not a usable image, worded to follow its name."""


def decode(data: bytes) -> tuple[Image.Image, str]:
    """Return an upright RGB image, and the mode of the file, as Pillow names it."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as file:
            _check(file)
            return _rgb(ImageOps.exif_transpose(file)), file.mode
    except BrokenError:
        raise
    except UnidentifiedImageError:
        raise BrokenError("is not a PNG, JPEG or WebP image") from None
    except Image.DecompressionBombError:
        raise BrokenError(f"has more than {MAX_PIXELS:,} pixels") from None
    except Exception as error:  # Pillow's decoders raise anything on a damaged file
        raise BrokenError(f"can't be decoded ({' '.join(str(error).split())})") from None


def _check(file: Image.Image) -> None:
    """Check the header, before anything large is decoded."""
    if file.width * file.height > MAX_PIXELS:
        raise BrokenError(f"has {file.width} x {file.height} pixels, more than {MAX_PIXELS:,}")
    if min(file.size) < MIN_SIDE:
        raise BrokenError(f"has {file.width} x {file.height} pixels: too small")
    if getattr(file, "n_frames", 1) > 1 and file.format != "MPO":  # a phone's, with a preview
        raise BrokenError("is an animation, not a single image")


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits per pixel: the upper 8 are displayed
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def square(image: Image.Image, size: int) -> np.ndarray:
    """Return (size, size, 3) uint8; an image that has this size already is not changed.

    In two calls, since the order of the two passes depends on the version of Pillow.
    """
    across = image.resize((size, image.height), Image.Resampling.BILINEAR)
    return np.asarray(across.resize((size, size), Image.Resampling.BILINEAR))


def load(file: str, size: int) -> np.ndarray:
    """Return the pixels of a file, (size, size, 3) uint8; BrokenError if it is not usable."""
    try:
        return square(decode(Path(file).read_bytes())[0], size)
    except OSError as error:
        raise BrokenError(f"can't be read ({error.strerror})") from None


def read(files: Sequence[str], size: int) -> np.ndarray:
    """Return the pixels of files, (rows, size, size, 3) uint8; BrokenError if one is not usable.

    Decoders release the GIL, so threads share the work.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = list(pool.map(lambda file: _load_named(file, size), files))
    return np.stack(rows) if rows else np.empty((0, size, size, 3), np.uint8)


def _load_named(file: str, size: int) -> np.ndarray:
    try:
        return load(file, size)
    except BrokenError as error:
        raise BrokenError(f"{file} {error}") from None
