"""Describe the answering of conversations in OpenAPI, with the very type that checks requests."""

from typing import Any

import msgspec

from ..export.contract import Contract
from .asked import Asked
from .payload import Payload
from .replies import Answer, RequestError
from .upstream import PATH

EVENTS: dict[str, Any] = {"text/event-stream": {}}  # if `stream` is asked for
REFUSALS = {
    400: "The body is not JSON.",
    401: "The key is missing or wrong.",
    404: "There is no model of that name.",
    408: "The body took too long to arrive.",
    413: "The body is too large, or the conversation too long.",
    422: "Something is unknown, missing or out of range; the message says what.",
    502: "The engine does not answer, or broke off.",
    503: "Too many requests are waiting; try again.",
    504: "The answer took too long.",
}


def describe(document: dict[str, Any], payload: Payload, contract: Contract, locked: bool) -> None:
    """Add the path to an OpenAPI document; `locked` means that it asks for a key."""
    (request,), schemas = msgspec.json.schema_components(
        [Asked], ref_template="#/components/schemas/{name}"
    )
    example = {
        "model": payload.model,
        "messages": [{"role": "user", "content": "What is it about?"}],
        "stream": False,
    }
    answer = Answer(payload.model, text="It is about …").whole()
    refusal = RequestError(422, "max_tokens is 0.").content
    operation: dict[str, Any] = {
        "summary": "Answer a conversation, at once or piece by piece (server-sent events)",
        "operationId": "chat",
        "requestBody": {"required": True, "content": _json({"schema": request}, example)},
        "responses": {
            "200": {"description": "An answer.", "content": _json({}, answer) | EVENTS},
            **{
                str(status): {"description": text, "content": _json({}, refusal)}
                for status, text in REFUSALS.items()
            },
        },
    }
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(schemas)
    if locked:
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        for each in (operation, document["paths"]["/v1/models"]["get"]):
            each["security"] = [{"key": []}]
    document["paths"][PATH] = {"post": operation}


def _json(told: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": told | {"example": example}}
