"""Describe /predict in OpenAPI, with the very types that check its requests."""

from typing import Any

import msgspec

from ..export.contract import Contract
from .answers import RESTORED, Refusal, answer_type
from .payload import REFUSALS, Payload


def describe(document: dict[str, Any], payload: Payload, contract: Contract, locked: bool) -> None:
    """Add /predict to an OpenAPI document; `locked` means that it asks for an API key."""
    answer = answer_type(contract["outputs"]["labels"])
    either = answer | list[answer]  # type: ignore[valid-type]
    (answers, refusal), schemas = msgspec.json.schema_components(
        [either, Refusal], ref_template="#/components/schemas/{name}"
    )
    body, rows = payload.content(contract)
    schemas |= rows
    for schema in schemas.values():
        _restore_names(schema)
    operation: dict[str, Any] = {
        "summary": f"Predict {contract['outputs']['target']}, of one or of several",
        "operationId": "predict",
        "requestBody": {"required": True, "content": body},
        "responses": {
            "200": {"description": "As many answers, in order.", "content": _json(answers)},
            **{
                str(status): {"description": text, "content": _json(refusal)}
                for status, text in REFUSALS.items()
            },
        },
    }
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(schemas)
    if locked:
        operation["security"] = [{"key": []}]
        header = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
        components["securitySchemes"] = {"key": header}
    document["paths"]["/predict"] = {"post": operation}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _restore_names(schema: dict[str, Any]) -> None:
    properties = schema.get("properties", {})
    schema["properties"] = {name.translate(RESTORED): kind for name, kind in properties.items()}
    schema["required"] = [name.translate(RESTORED) for name in schema.get("required", [])]
