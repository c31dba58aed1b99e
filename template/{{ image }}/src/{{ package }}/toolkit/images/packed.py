"""Images for output: thumbnails for pages, and RGB bytes for clients, since decoders differ."""

import base64
import io
from pathlib import Path
from typing import Any

from PIL import Image

from .pixels import decode, opened

EXAMPLES = 8  # images in examples.json
THUMBNAIL = (160, 160)  # pixels at most
STRETCH = ((1.0, 1.0), (1.9, 1.1), (0.6, 1.7), (1.7, 0.6))  # factors of width and height


def thumbnail(file: Path, bits: int | None) -> bytes:
    """Return a small WebP image with the aspect ratio of its file."""
    image, _ = decode(file.read_bytes(), bits)
    image.thumbnail(THUMBNAIL)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=80)
    return buffer.getvalue()


def pack(file: str, number: int) -> dict[str, Any]:
    """Return `width`, `height` and `rgb`, row by row in base64, of an image that the model reads.

    It is stretched by one of STRETCH, so that clients have to shrink, enlarge, and keep images.
    """
    stored, (across, down) = opened(file), STRETCH[number % len(STRETCH)]
    image = stored.resize((round(stored.width * across), round(stored.height * down)))
    rgb = base64.b64encode(image.tobytes()).decode()
    return {"width": image.width, "height": image.height, "rgb": rgb}


def unpack(packed: dict[str, Any]) -> Image.Image:
    """Return the image that `pack` encoded."""
    size = packed["width"], packed["height"]
    return Image.frombytes("RGB", size, base64.b64decode(packed["rgb"]))
