"""The server answers as the exported model does, names mistakes and describes itself."""

import re
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from api_client import ask, serving

from my_model.config import Config
from my_model.formats import contract
from my_model.server.body import example


@pytest.fixture(scope="module")
def port(run: Path, config: Config) -> Iterator[int]:
    with serving(run, config) as port:
        yield port


@pytest.fixture(scope="module")
def row(run: Path) -> dict:
    return example(contract.load(run / "export/onnx"))


def test_a_mistake_is_named_with_its_row_and_column(port: int, row: dict) -> None:
    name = next(iter(row))
    status, answer = ask(port, [row, row | {name: [1]}])
    assert (status, answer["row"], answer["column"]) == (422, 2, name)
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
    schemas = document["components"]["schemas"].values()
    assert list(row) in [list(schema["properties"]) for schema in schemas]


def test_its_page_needs_no_internet(port: int) -> None:
    """Every file that /docs asks for comes from the server itself, and / leads there."""
    status, page = ask(port, path="/docs")
    files = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert status == 200 and any(file.endswith(".js") for file in files), page
    assert "https://" not in page and {ask(port, path=file)[0] for file in files} == {200}, files
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/")
    assert connection.getresponse().headers["location"] == "docs"


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
        "catboost",
    }
    assert not unwanted & set(loaded.stdout.split())
