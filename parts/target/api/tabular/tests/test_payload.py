"""Any contract becomes a strict decoder; what it refuses is named."""

import json
from typing import Any

import numpy as np
import pytest

from my_model.formats.feed import feed
from my_model.server import openapi
from my_model.server.answers import RequestError
from my_model.server.payload import Payload

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
            "detail": f"row 1, column {name!r}: Expected `float`, got `str`",
            "row": 1,
            "column": name,
        }
        less = {key: value for key, value in values.items() if key != name}
        assert refusal(payload, json.dumps(less).encode()).content["column"] == name
    document: dict[str, Any] = {"paths": {}}
    openapi.describe(document, payload, contract, locked=True)
    assert list(document["components"]["schemas"]["Row"]["properties"]) == NAMES


CELLS = [
    ("number", "1", 1.0),
    ("number", "-2.5e3", -2500.0),
    ("number", "null", np.nan),
    ("number", '"1"', "got `str`"),
    ("number", "true", "got `bool`"),
    ("number", "1e39", "Expected `float` <= "),
    ("number", "1e999", "out of range"),
    ("date", '"1970-01-02"', 1.0),
    ("date", '"1970-01-02T12:00:00+06:00"', 1.25),
    ("date", "null", np.nan),
    ("date", '"2.1.1970"', "such as `1970-01-01`"),
    ("date", '"1970-02-30"', "such as `1970-01-01`"),
    ("date", "17", "such as `1970-01-01`"),
    ("category", '"never seen"', "never seen"),
    ("category", "null", ""),
    ("category", '""', "length >= 1"),
    ("category", "3", "got `int`"),
    ("category", "true", "got `bool`"),
    ("boolean", "true", "True"),
    ("boolean", '"False"', "False"),
]


@pytest.mark.parametrize("kind, text, expected", CELLS)
def test_cells(kind: str, text: str, expected: Any) -> None:
    column = {"name": "x", "type": kind, "dtype": "float32", "missing": True, "format": "ISO8601"}
    if kind in ("category", "boolean"):
        levels = ["a", "b"] if kind == "category" else ["False", "True"]
        column |= {"type": "category", "dtype": "string", "categories": levels}
    payload = Payload(contract_of(column))
    body = b'{"x": ' + text.encode() + b"}"
    if isinstance(expected, str) and expected not in ("never seen", "", "True", "False"):
        assert expected in refusal(payload, body).content["detail"]
    else:
        found = feed(payload.columns([payload.decode(body)]), contract_of(column))["x"][0, 0]
        assert found == expected or (found != found and expected != expected)


def test_dates_are_written_as_in_the_training_data() -> None:
    column = {"name": "x", "type": "date", "dtype": "float32", "format": "%d.%m.%Y"}
    payload = Payload(contract_of(column))
    assert payload.columns([payload.decode(b'{"x": "02.01.1970"}')])["x"] == [1.0]
    assert "`01.01.1970`" in refusal(payload, b'{"x": "1970-01-02"}').content["detail"]


def test_what_may_not_be_missing() -> None:
    payload = Payload(contract_of({"name": "x", "type": "number", "dtype": "float32"}))
    assert refusal(payload, b"{}").content["detail"] == "missing column 'x'"
    assert "got `null`" in refusal(payload, b'{"x": null}').content["detail"]
