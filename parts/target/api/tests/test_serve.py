"""The server answers as the exported model does, refuses what is wrong, and stops gracefully."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from my_model import contract, data, serve
from my_model.config import Config, dump
from my_model.formats import onnx_runtime
from my_model.server import dates, openapi


@contextmanager
def serving(run: Path, config: Config, **settings) -> Iterator[int]:
    """Serve in a thread and give the port."""
    app = serve.create_app(run / "export/onnx", config.serve.model_copy(update=settings))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def ask(port: int, body=None, path: str = "/predict", headers: dict[str, str] | None = None):
    """Return the status and the decoded answer; a body that isn't bytes goes as JSON."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    raw = body if isinstance(body, bytes | Iterator) else json.dumps(body).encode()
    connection.request("GET" if body is None else "POST", path, raw, headers or {})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    is_json = response.headers.get_content_type() == "application/json"
    return response.status, json.loads(text) if is_json else text


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


def test_limits_hold_whatever_the_client_promises(run: Path, config: Config, row: dict) -> None:
    with serving(run, config, max_rows=3, max_body_mb=0.1) as port:
        assert ask(port, [row] * 3)[0] == 200
        assert ask(port, [row] * 4)[0] == 413
        endless = (b" " * 1000 for _ in range(200))  # chunked: no content-length
        assert ask(port, endless)[0] == 413
        assert ask(port)[0] == 405


def test_a_key_locks_predictions_only(
    run: Path, config: Config, row: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_API_KEY", "sesame")
    with serving(run, config) as port:
        statuses = [
            ask(port, row, headers={"X-API-Key": key})[0] for key in ("", "guess", "sesame")
        ]
        assert statuses == [401, 401, 200]
        assert ask(port, row)[0] == 401
        assert ask(port, path="/ready")[0] == 200


def test_it_describes_itself(port: int, row: dict) -> None:
    assert ask(port, path="/health") == (200, {"status": "ok"})
    assert ask(port, row)[0] == 200
    assert 'predict_requests_total{status="200"}' in ask(port, path="/metrics")[1]
    _, document = ask(port, path="/openapi.json")
    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert ask(port, body["examples"]["many rows"]["value"])[0] == 200
    assert list(document["components"]["schemas"]["Row"]["properties"]) == list(row)


def test_clients_that_break_off_harm_nobody(port: int, row: dict) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n{"
    for sent in (head, b"\x00\xff junk\r\n\r\n", json.dumps(row).encode()):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(sent)
    assert ask(port, row)[0] == 200


def test_a_signal_lets_requests_finish_and_writes_the_log(
    run: Path, config: Config, row: dict, tmp_path: Path
) -> None:
    log = tmp_path / "logs" / "requests.jsonl"
    settings = config.serve.model_copy(update={"request_log": log, "port": 0})
    (tmp_path / "config.yaml").write_text(dump(config.model_copy(update={"serve": settings})))
    code = "import sys; from my_model.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "serve", f"--config={tmp_path / 'config.yaml'}"]
    process = subprocess.Popen([*command, f"--run={run.name}"], stderr=subprocess.PIPE, text=True)
    port = next(
        int(found[1]) for line in process.stderr if (found := re.search(r", (\d+)\)", line))
    )
    assert ask(port, [row] * 500)[0] == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert len(lines) == 500 and lines[0]["inputs"] == row
    assert datetime.fromisoformat(lines[0]["time"]).tzinfo is UTC
    assert {"label", "probabilities"} <= lines[0].keys() or "value" in lines[0]


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
