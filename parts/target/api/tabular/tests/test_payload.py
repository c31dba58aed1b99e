"""Any contract becomes a strict decoder; what it refuses is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from my_model.formats.feed import feed
from my_model.server import openapi
from my_model.server.answers import RequestError
from my_model.server.payload import Payload

CELLS = json.loads(Path(__file__).with_name("cells.json").read_text("utf-8"))
NAMES = [
    "class",
    "a b",
    "a$b",
    "a.b",
    'say "hi"',
    "back\\slash",
    "line\nbreak",
    "größe",
    "",
    "column0",
]


def contract_of(*columns: dict) -> Any:
    outputs = {"target": "t", "labels": ["no", 'ye"s']}
    return {"inputs": [{"missing": False, **column} for column in columns], "outputs": outputs}


def refusal(payload: Payload, body: bytes) -> RequestError:
    with pytest.raises(RequestError) as caught:
        payload.decode(body)
    return caught.value


def test_columns_may_have_any_name() -> None:
    contract = contract_of(
        *({"name": name, "type": "number", "dtype": "float32"} for name in NAMES)
    )
    payload = Payload(contract)
    values = {name: float(number) for number, name in enumerate(NAMES)}
    rows = payload.decode(json.dumps([values, values]).encode())
    columns = feed(payload.columns(rows), contract)
    assert {name: column[1, 0] for name, column in columns.items()} == values
    for name in NAMES:
        assert refusal(payload, json.dumps([values, values | {name: "x"}]).encode()).content == {
            "detail": f"row 2, column {name!r}: 'x' is not a number",
            "row": 2,
            "column": name,
        }
        less = {key: value for key, value in values.items() if key != name}
        assert refusal(payload, json.dumps(less).encode()).content["column"] == name
    document: dict[str, Any] = {"paths": {}}
    openapi.describe(document, payload, contract, locked=True)
    assert list(document["components"]["schemas"]["Row"]["properties"]) == NAMES


@pytest.mark.parametrize("told", CELLS, ids=lambda told: f"{told['column']} {told['cell']!r}")
def test_cells_mean_what_they_mean_in_a_file(told: dict[str, Any]) -> None:
    own = {key: value for key, value in told["column"].items() if key != "kind"}
    kind, column = told["column"]["kind"], {"name": "x", "missing": True, **own}
    column |= {"type": kind, "dtype": "string" if kind == "category" else "float32"}
    payload, body = Payload(contract_of(column)), json.dumps({"x": told["cell"]}).encode()
    if told.get("error"):
        assert refusal(payload, body).content["column"] == "x"
        return
    (found,) = payload.columns([payload.decode(body)])["x"]
    missing = "" if kind == "category" else None
    expected = missing if told["value"] is None else told["value"]
    offset = column.get("offset", 0)
    assert found == (expected - offset if offset else expected)


def test_lists_and_objects_are_no_cells() -> None:
    for kind in ("number", "date", "category"):
        column = {"name": "x", "type": kind, "dtype": "float32", "format": "ISO8601"}
        if kind != "date":
            column.pop("format")
        payload = Payload(contract_of(column))
        for cell in ("[1]", '{"a": 1}'):
            assert refusal(payload, b'{"x": %s}' % cell.encode()).content["column"] == "x"


def test_dates_are_written_as_in_the_training_data() -> None:
    column = {"name": "x", "type": "date", "dtype": "float32", "format": "%d.%m.%Y"}
    payload = Payload(contract_of(column))
    assert payload.columns([payload.decode(b'{"x": "02.01.1970"}')])["x"] == [1.0]
    assert "such as 31.01.2026" in refusal(payload, b'{"x": "1970-01-02"}').content["detail"]


def test_what_may_not_be_missing() -> None:
    payload = Payload(contract_of({"name": "x", "type": "number", "dtype": "float32"}))
    assert refusal(payload, b"{}").content["detail"] == "missing column 'x'"
    assert "is missing" in refusal(payload, b'{"x": null}').content["detail"]


def test_unseen_categories_are_named() -> None:
    columns = [{"name": name, "type": "category", "dtype": "string"} for name in ("a", "b")]
    payload = Payload(contract_of(*({**each, "categories": ["x"]} for each in columns)))
    assert payload.unseen(payload.decode(b'{"a": "x", "b": " x "}')) == []
    assert payload.unseen(payload.decode(b'{"a": "X", "b": "x"}')) == ["a"]
