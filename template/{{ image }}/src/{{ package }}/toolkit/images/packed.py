"""Pictures for others: thumbnails for a page, and RGB bytes for clients, since decoders differ."""

import base64
import io
from pathlib import Path
from typing import Any

from PIL import Image

from .pixels import decode

EXAMPLES = 8  # pictures that are stored beside an export
THUMBNAIL = (160, 160)  # pixels at most
STRETCH = ((1.0, 1.0), (1.9, 1.1), (0.6, 1.7), (1.7, 0.6))  # of the sides that the model takes


def thumbnail(file: Path) -> bytes:
    """Return a small WebP picture, in the shape of its file."""
    picture, _ = decode(file.read_bytes())
    picture.thumbnail(THUMBNAIL)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=80)
    return buffer.getvalue()


def pack(file: str, number: int) -> dict[str, Any]:
    """Return `width`, `height` and `rgb`, row after row in base64, of what the model sees.

    It is stretched by turns, so that clients have to shrink, to enlarge and to leave alone.
    """
    with Image.open(file) as seen:
        across, down = STRETCH[number % len(STRETCH)]
        sides = round(seen.width * across), round(seen.height * down)
        picture = seen.convert("RGB").resize(sides)
    rgb = base64.b64encode(picture.tobytes()).decode()
    return {"width": picture.width, "height": picture.height, "rgb": rgb}


def unpack(told: dict[str, Any]) -> Image.Image:
    """Return the picture that `pack` told of."""
    return Image.frombytes("RGB", (told["width"], told["height"]), base64.b64decode(told["rgb"]))
