"""What /predict takes, for its description in OpenAPI."""

from typing import Any

import msgspec

from ..formats.contract import Contract, Input
from ..tables.cells import example as written
from .answers import AWKWARD
from .payload import Date, Level, Payload

REFUSALS = {
    400: "The body is not JSON.",
    401: "The header X-API-Key is missing or wrong.",
    408: "The body took too long to arrive.",
    413: "The body is too large, or holds too many rows.",
    422: "A value, a column or the number of rows is wrong; `row` counts from 1.",
    503: "Too many rows are waiting; try again.",
}


def example(contract: Contract) -> dict[str, Any]:
    """Return a row within the ranges and categories of the training data."""
    return {column["name"]: _example(column) for column in contract["inputs"]}


def content(payload: Payload, contract: Contract) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the content of a request body by its type, and the schemas that it refers to."""
    (request,), schemas = msgspec.json.schema_components(
        [payload.request], schema_hook=_cell_schema, ref_template="#/components/schemas/{name}"
    )
    row = example(contract)
    for name, value in row.items():
        schemas["Row"]["properties"][name.translate(AWKWARD)]["examples"] = [value]
    examples = {"one row": {"value": row}, "many rows": {"value": [row, row]}}
    return {"application/json": {"schema": request, "examples": examples}}, schemas


def _example(column: Input) -> Any:
    low, high = column.get("low") or 0.0, column.get("high") or 0.0
    if column["type"] == "category":
        return (column.get("categories") or ["text"])[0]
    if column["type"] == "date":
        return written(column.get("format") or "ISO8601", (low + high) / 2)
    return round((low + high) / 2, 2)


def _cell_schema(kind: type[Date | Level]) -> dict[str, Any]:
    if issubclass(kind, Level):
        boolean = {"type": ["string", "boolean"]} if kind.column.boolean else {"type": "string"}
        return {**boolean} if kind.column.missing else {**boolean, "minLength": 1}
    if kind.column.format == "ISO8601":
        return {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}
    return {"type": "string", "description": f"Written as {kind.column.format}."}
