"""From the bytes of a picture to pixels, the same in training and in service: numpy and Pillow.

A picture is squashed to a square: every part of it stays in view, and it is one step that a client
in any language can repeat. How far its shape was from a square is one of its properties.
"""

import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PIXELS = 80_000_000  # of one picture; a larger one may be a bomb of a few kilobytes
MIN_SIDE = 4  # pixels
RESIZE = (
    "after the EXIF orientation, over white where transparent: Pillow's bilinear, straight to "
    "size x size whatever the shape (a triangle filter, as wide as the scale where it shrinks; "
    "8-bit after each pass, across before down)"
)


class BrokenError(Exception):
    """Why a file is no picture that a model can take, to be read after its name."""


def decode(data: bytes) -> tuple[Image.Image, str]:
    """Return a picture in RGB, upright, and the mode that it was stored in (Pillow's word)."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as file:
            _check(file)
            return _rgb(ImageOps.exif_transpose(file)), file.mode
    except BrokenError:
        raise
    except UnidentifiedImageError:
        raise BrokenError("is no PNG, JPEG or WebP picture") from None
    except Image.DecompressionBombError:
        raise BrokenError(f"has more than {MAX_PIXELS:,} pixels") from None
    except Exception as error:  # Pillow's decoders raise whatever a damaged file makes them raise
        raise BrokenError(f"can't be decoded ({' '.join(str(error).split())})") from None


def _check(file: Image.Image) -> None:
    """Look at the header alone, before anything large is decoded."""
    if file.width * file.height > MAX_PIXELS:
        raise BrokenError(f"has {file.width} x {file.height} pixels, more than {MAX_PIXELS:,}")
    if min(file.size) < MIN_SIDE:
        raise BrokenError(f"has {file.width} x {file.height} pixels, too few to see anything")
    if getattr(file, "n_frames", 1) > 1 and file.format != "MPO":  # a phone's: one and a preview
        raise BrokenError("is an animation, not one picture")


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel: the upper 8 are what a screen shows
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def square(picture: Image.Image, size: int) -> np.ndarray:
    """Return (size, size, 3) uint8; a picture of that size already is left as it is.

    In two calls: which way Pillow goes first in one depends on its version.
    """
    across = picture.resize((size, picture.height), Image.Resampling.BILINEAR)
    return np.asarray(across.resize((size, size), Image.Resampling.BILINEAR))


def load(file: str, size: int) -> np.ndarray:
    """Return the pixels of a file, (size, size, 3) uint8; BrokenError if there are none."""
    try:
        return square(decode(Path(file).read_bytes())[0], size)
    except OSError as error:
        raise BrokenError(f"can't be read ({error.strerror})") from None


def read(files: Sequence[str], size: int) -> np.ndarray:
    """Return the pixels of files, (rows, size, size, 3) uint8; BrokenError if one has none.

    Decoders release Python's lock, so threads share the work.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = list(pool.map(lambda file: _named(file, size), files))
    return np.stack(rows) if rows else np.empty((0, size, size, 3), np.uint8)


def _named(file: str, size: int) -> np.ndarray:
    try:
        return load(file, size)
    except BrokenError as error:
        raise BrokenError(f"{file} {error}") from None
