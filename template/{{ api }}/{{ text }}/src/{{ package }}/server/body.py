"""What /predict takes, for its description in OpenAPI."""

from typing import Any

import msgspec

from ..formats.contract import Contract
from .payload import Payload

REFUSALS = {
    400: "The body is not JSON.",
    401: "The header X-API-Key is missing or wrong.",
    408: "The body took too long to arrive.",
    413: "The body is too large, or holds too many texts.",
    422: "A text is missing, empty or too long; `row` counts from 1.",
    503: "Too many texts are waiting; try again.",
}


def example(contract: Contract) -> dict[str, Any]:
    """Return a short text."""
    return {"text": "A text such as the model was trained on."}


def content(payload: Payload, contract: Contract) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the content of a request body by its type, and the schemas that it refers to."""
    (request,), schemas = msgspec.json.schema_components(
        [payload.request], ref_template="#/components/schemas/{name}"
    )
    row = example(contract)
    examples = {"one row": {"value": row}, "many rows": {"value": [row, row]}}
    return {"application/json": {"schema": request, "examples": examples}}, schemas
