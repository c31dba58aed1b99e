"""Requests: an image file, the images of a form, or JSON with base64."""

import asyncio
import base64
import io
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta, Struct
from PIL import Image

from ..export.contract import Contract
from ..images.pixels import MAX_PIXELS, READ, BrokenError, decode, square
from ..images.properties import measure
from .answers import RequestError, explain

BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
DATA_URL = re.compile(r"\s*data:[^,]*;base64,", re.IGNORECASE)
STANDARD = str.maketrans("-_", "+/", "\t\n\f\r ")  # from the alphabet of URLs, without blanks


class Encoded(Struct, forbid_unknown_fields=True):
    """An image in JSON: the bytes of a file in base64, also as a data URL."""

    image: str


REQUEST: Any = Encoded | Annotated[list[Encoded], Meta(min_length=1)]


@dataclass(frozen=True)
class Row:
    """A decoded image: (size, size, 3) uint8 pixels, and its properties for the log."""

    pixels: np.ndarray
    properties: dict[str, float | str]


REFUSALS = {
    400: "The body is neither an image nor JSON.",
    401: "The header X-API-Key is missing or wrong.",
    408: "The body took too long to arrive.",
    413: "The body is too large, or has too many images or pixels.",
    422: "An image is broken, or there is none; `row` counts from 1.",
    503: "Too many images are waiting; try again.",
}
BINARY = {"type": "string", "format": "binary"}


class Payload:
    """The decoder of requests; images take milliseconds, so its own threads decode them."""

    def __init__(self, contract: Contract) -> None:
        described = contract["inputs"][0]
        self.size, self.bits = described["shape"][1] or 0, described.get("bits")
        self.request = REQUEST
        self.decoder = msgspec.json.Decoder(self.request)
        self.pool = ThreadPoolExecutor(os.cpu_count(), "decode")

    def read(self, body: bytearray, kind: str) -> Any:
        """Return the future result of `decode`, which does not block other requests."""
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self.pool, self.decode, body, kind)

    def decode(self, body: bytes | bytearray, kind: str = "") -> Row | list[Row]:
        """Return one image or several: forms by content type, the rest by the first byte."""
        if kind.startswith("multipart/form-data"):
            rows = self._rows(_files(bytes(body), kind))
            return rows if len(rows) > 1 else rows[0]
        if body.lstrip()[:1] not in (b"{", b"["):
            return self._rows([bytes(body)])[0]
        try:
            request = self.decoder.decode(body)
        except msgspec.ValidationError as error:
            raise explain(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RequestError(400, f"The body is not JSON: {error}.") from None
        several = isinstance(request, list)
        each_image = request if several else [request]
        rows = self._rows([_bytes(each.image, n) for n, each in enumerate(each_image, start=1)])
        return rows if several else rows[0]

    def _rows(self, files: Sequence[bytes]) -> list[Row]:
        rows, pixels = [], 0
        for number, data in enumerate(files, start=1):
            try:
                image, mode = decode(data, self.bits)
            except BrokenError as error:
                detail = f"row {number}: the image {error}"
                raise RequestError(422, detail, number, "image") from None
            pixels += max(image.width * image.height, self.size**2)
            if pixels > MAX_PIXELS:
                raise RequestError(413, f"the images have more than {MAX_PIXELS:,} pixels")
            rows.append(Row(square(image, self.size), measure(image, mode, len(data))))
        return rows

    def columns(self, rows: Sequence[Row]) -> dict[str, np.ndarray]:
        """Return {name: pixels} as `feed.feed` takes them."""
        return {"image": np.stack([row.pixels for row in rows])}

    def unseen(self, row: Row) -> list[str]:
        """Return the columns with an unseen category: images have none."""
        return []

    def as_written(self, row: Row) -> dict[str, float | str]:
        """Return the row for the log: the properties of the image, not its pixels."""
        return row.properties

    @staticmethod
    def example(contract: Contract) -> dict[str, Any]:
        """Return a small grey image in JSON."""
        buffer = io.BytesIO()
        Image.new("L", (8, 8), 128).save(buffer, "PNG")
        return {"image": base64.b64encode(buffer.getvalue()).decode()}

    def content(self, contract: Contract) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the content of a request body by content type, and the schemas it refers to.

        The form comes first, so that /docs has buttons to choose files.
        """
        (request,), schemas = msgspec.json.schema_components(
            [self.request], ref_template="#/components/schemas/{name}"
        )
        files = {"image": {"type": "array", "items": BINARY, "description": READ}}
        row = self.example(contract)
        examples = {"one row": {"value": row}, "many rows": {"value": [row, row]}}
        form = {"type": "object", "properties": files, "required": ["image"]}
        json = {"schema": request, "examples": examples}
        return {
            "multipart/form-data": {"schema": form},
            "application/json": json,
            "image/*": {"schema": BINARY},
        }, schemas


def _bytes(text: str, number: int) -> bytes:
    """Return the bytes of base64: of either alphabet, padded or not, with line breaks or none."""
    head = DATA_URL.match(text)
    encoded = text[head.end() if head else 0 :].translate(STANDARD).rstrip("=")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        detail = f"row {number}, column 'image': Invalid base64 encoded string"
        raise RequestError(422, detail, number, "image") from None


def _files(body: bytes, kind: str) -> list[bytes]:
    """Return the files of a form (RFC 7578); fields without a file name are ignored."""
    found = BOUNDARY.search(kind)
    delimiter = b"\r\n--" + found[1].encode() if found else b""
    parts = (b"\r\n" + body).split(delimiter)[1:-1] if found else []
    pairs = [part.split(b"\r\n\r\n", 1) for part in parts]
    files = [pair[1] for pair in pairs if len(pair) == 2 and b"filename=" in pair[0]]
    if not files:
        raise RequestError(422, "the form contains no file; send each in a field named `image`")
    return files
