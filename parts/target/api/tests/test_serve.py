"""The server answers as the exported model does, names mistakes and describes itself."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_client import ask, serving

from my_model import data
from my_model.config import Config
from my_model.formats import contract, onnx_runtime
from my_model.server import dates, openapi


@pytest.fixture(scope="module")
def port(run: Path, config: Config) -> Iterator[int]:
    with serving(run, config) as port:
        yield port


@pytest.fixture(scope="module")
def row(run: Path) -> dict:
    return openapi.example(contract.load(run / "export/onnx"))


def held_out(run: Path, config: Config, count: int) -> tuple[Any, list[dict]]:
    """Return rows as the model takes them, and as a client writes them."""
    inputs = data.load_test(config).inputs.head(count)
    rows: list[dict] = [{} for _ in range(count)]
    for column in contract.load(run / "export/onnx")["inputs"]:
        name, is_date = column["name"], column["type"] == "date"
        write = dates.date_type(column).write if is_date else lambda value: value
        for row, value in zip(rows, inputs[name], strict=True):
            row[name] = None if value != value or value == "" else write(value)
    return inputs, rows


def numbers(answers: list[dict]) -> np.ndarray:
    return np.array(
        [a["value"] if "value" in a else [*a["probabilities"].values()] for a in answers]
    )


def test_answers_are_those_of_the_exported_model(port: int, run: Path, config: Config) -> None:
    inputs, rows = held_out(run, config, 60)
    expected, labels = onnx_runtime.load(run / "export/onnx").decide(inputs)
    _, many = ask(port, rows)
    with ThreadPoolExecutor(16) as pool:
        single = [answer for _, answer in pool.map(lambda row: ask(port, row), rows)]
    for answers in (many, single):
        np.testing.assert_allclose(numbers(answers), expected, rtol=1e-6)
        assert labels is None or [a["label"] for a in answers] == labels.tolist()


def test_a_mistake_is_named_with_its_row_and_column(port: int, row: dict) -> None:
    name = next(iter(row))
    status, answer = ask(port, [row, row | {name: [1]}])
    assert (status, answer["row"], answer["column"]) == (422, 1, name)
    status, answer = ask(port, row | {"no such column": 1})
    assert (status, answer["column"]) == (422, "no such column")
    for junk in (b"", b"{", b"nonsense", b'{"a": NaN}', b'"\xff"', b"[" * 100_000, b"[]", b"null"):
        status, answer = ask(port, junk)
        assert status in (400, 422) and answer["detail"]


def test_it_describes_itself(port: int, row: dict) -> None:
    assert ask(port, path="/health") == (200, {"status": "ok"})
    assert ask(port, row)[0] == 200
    assert 'predict_requests_total{status="200"}' in ask(port, path="/metrics")[1]
    _, document = ask(port, path="/openapi.json")
    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert ask(port, body["examples"]["many rows"]["value"])[0] == 200
    assert list(document["components"]["schemas"]["Row"]["properties"]) == list(row)


def test_no_training_library_is_imported() -> None:
    code = "import sys, my_model.serve; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    unwanted = {
        "pandas",
        "sklearn",
        "skl2onnx",
        "onnx",
        "matplotlib",
        "scipy",
        "lightgbm",
        "xgboost",
    }
    assert not unwanted & set(loaded.stdout.split())
