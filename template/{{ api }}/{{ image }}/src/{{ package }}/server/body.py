"""What /predict takes, for its description in OpenAPI."""

import base64
import io
from typing import Any

import msgspec
from PIL import Image

from ..formats.contract import Contract
from .payload import Payload

REFUSALS = {
    400: "The body is neither a picture nor JSON.",
    401: "The header X-API-Key is missing or wrong.",
    408: "The body took too long to arrive.",
    413: "The body is too large, or holds too many pictures or pixels.",
    422: "A picture is broken, or there is none; `row` counts from 1.",
    503: "Too many pictures are waiting; try again.",
}
BINARY = {"type": "string", "format": "binary"}


def example(contract: Contract) -> dict[str, Any]:
    """Return a small grey picture in JSON."""
    buffer = io.BytesIO()
    Image.new("L", (8, 8), 128).save(buffer, "PNG")
    return {"image": base64.b64encode(buffer.getvalue()).decode()}


def content(payload: Payload, contract: Contract) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the content of a request body by its type, and the schemas that it refers to.

    The form comes first, so that the page at /docs shows buttons to choose files.
    """
    (request,), schemas = msgspec.json.schema_components(
        [payload.request], ref_template="#/components/schemas/{name}"
    )
    files = {"image": {"type": "array", "items": BINARY, "description": "PNG, JPEG or WebP"}}
    row = example(contract)
    examples = {"one row": {"value": row}, "many rows": {"value": [row, row]}}
    form = {"type": "object", "properties": files, "required": ["image"]}
    pictures = {f"image/{kind}": {"schema": BINARY} for kind in ("png", "jpeg", "webp")}
    json = {"schema": request, "examples": examples}
    return {"multipart/form-data": {"schema": form}, "application/json": json, **pictures}, schemas
