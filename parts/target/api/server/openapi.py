"""Describe /predict in OpenAPI, with the very types that check its requests."""

from typing import Any, Literal

import msgspec
from msgspec import Struct, defstruct

from ..formats.contract import Contract, Input
from .dates import Date, date_type
from .payload import AWKWARD, RESTORED, Payload

REFUSALS = {
    400: "The body is not JSON.",
    401: "The header X-API-Key is missing or wrong.",
    408: "The body took too long to arrive.",
    413: "The body is too large, or holds too many rows.",
    422: "A value, a column or the number of rows is wrong; `row` counts from 0.",
    503: "Too many rows are waiting; try again.",
}


class Refusal(Struct):
    """Why there is no prediction, and where the mistake is."""

    detail: str
    row: int | None
    column: str | None


def example(contract: Contract) -> dict[str, Any]:
    """Return a row within the ranges and categories of the training data."""
    return {column["name"]: _example(column) for column in contract["inputs"]}


def describe(document: dict[str, Any], payload: Payload, contract: Contract, locked: bool) -> None:
    """Add /predict to an OpenAPI document; `locked` means that it asks for an API key."""
    answer = _answer_type(contract["outputs"]["labels"])
    either = answer | list[answer]  # type: ignore[valid-type]
    (request, answers, refusal), schemas = msgspec.json.schema_components(
        [payload.request, either, Refusal],
        schema_hook=_date_schema,
        ref_template="#/components/schemas/{name}",
    )
    row = example(contract)
    for schema in schemas.values():
        _restore_names(schema)
    for name, value in row.items():
        schemas["Row"]["properties"][name]["examples"] = [value]
    examples = {"one row": {"value": row}, "many rows": {"value": [row, row]}}
    operation: dict[str, Any] = {
        "summary": f"Predict {contract['outputs']['target']} for a row, or for an array of rows",
        "operationId": "predict",
        "requestBody": {"required": True, "content": _json(request, examples=examples)},
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


def _json(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema, **more}}


def _answer_type(labels: list[str] | None) -> type[Struct]:
    if labels is None:
        return defstruct("Answer", [("value", float)])
    fields = {f"label{number}": label for number, label in enumerate(labels)}
    names = {field: label.translate(AWKWARD) for field, label in fields.items()}
    probability = defstruct("Probabilities", [(field, float) for field in fields], rename=names)
    return defstruct("Answer", [("label", Literal[*labels]), ("probabilities", probability)])


def _example(column: Input) -> Any:
    low, high = column.get("low") or 0.0, column.get("high") or 0.0
    if column["type"] == "category":
        return (column.get("categories") or ["text"])[0]
    if column["type"] == "date":
        return date_type(column).write((low + high) / 2)
    return round((low + high) / 2, 2)


def _date_schema(kind: type[Date]) -> dict[str, Any]:
    iso = {"anyOf": [{"format": "date"}, {"format": "date-time"}]}
    return {"type": "string"} | (
        {"description": f"Written as {kind.pattern}."} if kind.pattern else iso
    )


def _restore_names(schema: dict[str, Any]) -> None:
    properties = schema.get("properties", {})
    schema["properties"] = {name.translate(RESTORED): kind for name, kind in properties.items()}
    schema["required"] = [name.translate(RESTORED) for name in schema.get("required", [])]
