"""From the bytes of an image to pixels, the same in training and in serving: numpy and Pillow.

An image is squashed to a square: every part of it is kept, in one step that a client in any
language can repeat. Its aspect ratio is one of its properties.
"""

import io
import logging
import math
import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

# Without formats for which Pillow runs another program, or which few people use.
FORMATS = (
    *("PNG", "JPEG", "WEBP", "GIF", "BMP"),
    *("TIFF", "AVIF", "JPEG2000", "PPM", "ICO"),
)
READ = "PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF, JPEG 2000, PPM or ICO"
MAX_PIXELS = 80_000_000  # of one image; a larger one may be a decompression bomb
MIN_SIDE = 4  # pixels
BITS = (0, 8, 10, 12, 14, 16, 24, 32)  # of grey levels; see `learned_bits`
BARE = ".pixels"  # suffix of a file of (side, side, 3) uint8 and nothing else: see prepared.py
RESIZE = (
    "the first frame, after the EXIF orientation, over white where transparent, colors as stored; "
    "grey levels of more than 8 bits become min(floor(256 x level / 2^bits), 255), with `bits` of "
    "this file, or 16; then Pillow's bilinear, straight to size x size whatever the shape (a "
    "triangle filter, as wide as the scale where it shrinks; 8-bit after each pass, across before "
    "down)"
)
# Only EXIF turns an image: browsers and phones do not read an orientation elsewhere.
NOT_EXIF = ("xmp", "XML:com.adobe.xmp", "Raw profile type exif")

Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # Pillow refuses twice as many, also inside an ICO file
# Pillow warns of metadata that is damaged, and of large images; neither changes the pixels.
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").setLevel(logging.CRITICAL)


class BrokenError(Exception):
    """Why a file is not a usable image, worded to follow its name."""


def decode(data: bytes, bits: int | None = None) -> tuple[Image.Image, str]:
    """Return an upright RGB image, and the mode of the file, as Pillow names it."""
    image, mode, _ = stored(data)
    return rgb(image, bits), mode


def stored(data: bytes) -> tuple[Image.Image, str, bool]:
    """Return an upright image, the mode of the file, and whether it has more frames or pages.

    The image is RGB, or grey with more than 8 bits: see `is_deep`.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as file:
            _check(file)
            several = file.format != "MPO" and getattr(file, "is_animated", False)
            mode = file.mode
            _turn(file)
            return file if is_deep(file) else _opaque(file), mode, several
    except BrokenError:
        raise
    except UnidentifiedImageError:
        raise BrokenError(f"is not a {READ} image") from None
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


def _turn(file: Image.Image) -> None:
    """Turn an image upright, in place."""
    file.load()
    for key in NOT_EXIF:
        file.info.pop(key, None)
    try:
        file.getexif()
    except Exception:  # damaged; then no orientation is known
        file.info.pop("exif", None)
    ImageOps.exif_transpose(file, in_place=True)


def _opaque(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def is_deep(image: Image.Image) -> bool:
    """Return whether an image is grey with more than 8 bits, or with floating-point levels."""
    return image.mode.startswith(("I", "F"))


def peak(image: Image.Image) -> float:
    """Return the highest level of a deep image; BrokenError if a level is not a positive number."""
    levels = np.asarray(image)
    low, high = levels.min(), levels.max()
    if not (low >= 0 and high < np.inf):  # NaN is neither
        raise BrokenError(f"has levels from {low:g} to {high:g}, where 0 should be black")
    return float(high)


def learned_bits(highest: float) -> int:
    """Return the fewest of BITS that hold the levels of a set of deep images.

    No file says how many of its 16 bits are in use. 0 bits are floating-point levels up to 1.
    """
    return next((bits for bits in BITS if highest <= white(bits)), BITS[-1])


def white(bits: int) -> int:
    """Return the level of white in a deep image."""
    return max(1, 2**bits - 1)


def rgb(image: Image.Image, bits: int | None = None) -> Image.Image:
    """Return the RGB image of one that `stored` returned; `bits` None means 16."""
    if not is_deep(image):
        return image
    highest = peak(image)
    if bits is None and image.mode == "F" and highest <= 1:
        raise BrokenError("has levels up to 1, and no training image had: save it with 8 bits")
    bits = 16 if bits is None else bits
    if highest > white(bits):
        limit = f"{white(bits):,}, the highest of {bits} bits (data.bits)"
        raise BrokenError(f"has levels up to {highest:,.10g}, above {limit}")
    levels = np.asarray(image)
    shown = np.minimum(levels * (256 / 2**bits), 255).astype(np.uint8)
    if "transparency" in image.info:  # the level of a PNG that is transparent
        shown[levels == image.info["transparency"]] = 255
    return Image.fromarray(shown).convert("RGB")


def square(image: Image.Image, size: int) -> np.ndarray:
    """Return (size, size, 3) uint8; an image that has this size already is not changed.

    In two calls, since the order of the two passes depends on the version of Pillow.
    """
    if image.size == (size, size):
        return np.asarray(image)
    across = image.resize((size, image.height), Image.Resampling.BILINEAR)
    return np.asarray(across.resize((size, size), Image.Resampling.BILINEAR))


def bytes_of(file: str) -> bytes:
    """Return the content of a file; BrokenError if it can't be read."""
    if not file:  # which would be the folder of the process
        raise BrokenError("an empty cell, where the path of an image should be")
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise BrokenError(f"can't be read ({error.strerror})") from None


def load(file: str, size: int, bits: int | None = None) -> tuple[np.ndarray, bool]:
    """Return the pixels of a file, (size, size, 3) uint8, and whether it has more frames or pages.

    BrokenError if it is not usable.
    """
    image, _, several = stored(bytes_of(file))
    return square(rgb(image, bits), size), several


def read(files: Sequence[str], size: int, bits: int | None = None) -> np.ndarray:
    """Return the pixels of files, (rows, size, size, 3) uint8; BrokenError if one is not usable.

    Decoders release the GIL, so threads share the work; bare pixels leave them none.
    """
    work = partial(_load_named, size=size, bits=bits)
    if all(file.endswith(BARE) for file in files):
        rows = [*map(work, files)]
    else:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            rows = list(pool.map(work, files))
    return np.stack(rows) if rows else np.empty((0, size, size, 3), np.uint8)


def _load_named(file: str, size: int, bits: int | None) -> np.ndarray:
    if file.endswith(BARE):
        pixels = _bare(file)
        return pixels if len(pixels) == size else square(Image.fromarray(pixels), size)
    try:
        return load(file, size, bits)[0]
    except BrokenError as error:
        raise BrokenError(f"{file} {error}") from None


def _bare(file: str) -> np.ndarray:
    levels = np.fromfile(file, np.uint8)
    side = math.isqrt(len(levels) // 3)
    return levels.reshape(side, side, 3)


def opened(file: str) -> Image.Image:
    """Return the RGB image of a copy that prepared.py wrote."""
    if file.endswith(BARE):
        return Image.fromarray(_bare(file))
    with Image.open(file) as stored:
        return stored.convert("RGB")
