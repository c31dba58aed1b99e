"""What clients send too much of, break off or may not do; and how the server ends."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import pytest
from api_client import ask, serving

from my_model.config import Config, dump, section
from my_model.formats import contract
from my_model.server.body import example
from my_model.settings.serve import Serve


@pytest.fixture(scope="module")
def row(run: Path) -> dict:
    return example(contract.load(run / "export/onnx"))


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


def test_clients_that_break_off_harm_nobody(run: Path, config: Config, row: dict) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n{"
    with serving(run, config) as port:
        for sent in (head, b"\x00\xff junk\r\n\r\n", head + json.dumps(row).encode()):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(sent)
        assert ask(port, row)[0] == 200


def test_a_signal_lets_requests_finish_and_writes_the_log(
    run: Path, config: Config, row: dict, tmp_path: Path
) -> None:
    log = tmp_path / "logs" / "requests.jsonl"
    settings = section(config, Serve).model_copy(update={"request_log": log, "port": 0})
    (tmp_path / "config.yaml").write_text(dump(config.model_copy(update={"serve": settings})))
    code = "import sys; from my_model.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "serve", f"--config={tmp_path / 'config.yaml'}"]
    process = subprocess.Popen([*command, f"--run={run.name}"], stdout=subprocess.PIPE, text=True)
    port = int(re.search(r":(\d+)/docs", process.stdout.readline())[1])
    body = json.dumps([row] * 50).encode()
    client = HTTPConnection("127.0.0.1", port, timeout=30)
    client.putrequest("POST", "/predict")
    client.putheader("Content-Length", str(len(body)))
    client.putheader("Expect", "100-continue")
    client.endheaders()
    assert client.sock.recv(100).startswith(b"HTTP/1.1 100 ")  # by now it waits for the body
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    client.send(body)
    assert client.getresponse().status == 200
    assert process.wait(20) == -signal.SIGTERM
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    promise = contract.load(run / "export/onnx")
    told = contract.described(promise)
    assert len(lines) == 50 and list(lines[0]["inputs"]) == [each["name"] for each in told]
    assert datetime.fromisoformat(lines[0]["time"]).tzinfo is UTC
    assert {line["model"] for line in lines} == {contract.version(promise)}
    assert {"label", "probabilities"} <= lines[0].keys() or "value" in lines[0]
