"""What the C++ program is given: pictures as binary PPM."""

import io
from typing import Any

from my_model.images.portable import unpack

MISTAKES = {
    b"P5 2 2 255\n....": "it has to begin with P6",
    b"P6 2 2 255\n...........": "the input ends within a picture",
    b"P6 0 2 255\n": "no sound width and height",
    b"P6 # 16 bits\n1 1 65535\n......": "not 8 bits a colour",
}


def as_given(rows: list[dict[str, Any]]) -> bytes:
    """Return pictures of examples.json as the program reads them."""
    stream = io.BytesIO()
    for row in rows:
        unpack(row["image"]).save(stream, "PPM")
    return stream.getvalue()
