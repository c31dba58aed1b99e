"""What clients send too much of, break off or may not do; and how the gateway starts and ends."""

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
from api_client import BODY, ask, serving

from my_model import cli
from my_model.config import Config, dump, section
from my_model.formats import contract
from my_model.server.upstream import PATH
from my_model.settings.serve import Serve

COMMAND = "import sys; from my_model.cli import main; sys.exit(main())"
HELLO, REPLY = ({"role": role, "content": "Hello"} for role in ("user", "assistant"))


def test_limits_hold_whatever_the_client_promises(run: Path, config: Config) -> None:
    with serving(run, config, max_messages=3, max_characters=30, max_body_mb=0.1) as port:
        assert ask(port, BODY | {"messages": [HELLO, REPLY, HELLO]})[0] == 200
        assert ask(port, BODY | {"messages": [HELLO, REPLY] * 2 + [HELLO]})[0] == 413
        assert ask(port, BODY | {"messages": [{**HELLO, "content": "x" * 31}]})[0] == 413
        endless = (b" " * 1000 for _ in range(200))  # chunked: no content-length
        assert ask(port, endless)[0] == 413


def test_a_key_locks_what_is_in_v1(
    run: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_API_KEY", "sesame")
    with serving(run, config) as port:
        for path, body in ((PATH, BODY), ("/v1/models", None)):
            keys = [{"Authorization": f"Bearer {key}"} for key in ("", "guess", "sesame")]
            assert [ask(port, body, path, key)[0] for key in keys] == [401, 401, 200]
            assert ask(port, body, path)[0] == 401
        assert ask(port, path="/ready")[0] == 200


def test_clients_that_break_off_harm_nobody(run: Path, config: Config) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n".encode()
    with serving(run, config) as port:
        for sent in (head + b"{", b"\x00\xff junk\r\n\r\n", head + json.dumps(BODY).encode()):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(sent)
        assert ask(port, BODY)[0] == 200


def test_a_signal_lets_requests_finish_and_writes_the_log(
    run: Path, config: Config, tmp_path: Path
) -> None:
    log = tmp_path / "logs" / "requests.jsonl"
    settings = section(config, Serve).model_copy(update={"request_log": log, "port": 0})
    (tmp_path / "config.yaml").write_text(dump(config.model_copy(update={"serve": settings})))
    command = [sys.executable, "-c", COMMAND, "serve", f"--config={tmp_path / 'config.yaml'}"]
    process = subprocess.Popen([*command, f"--run={run.name}"], stdout=subprocess.PIPE, text=True)
    port = int(re.search(r":(\d+)/docs", process.stdout.readline())[1])
    while True:
        try:
            assert ask(port, path="/ready")[0] == 200
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    body = json.dumps(BODY).encode()
    client = HTTPConnection("127.0.0.1", port, timeout=30)
    client.putrequest("POST", PATH)
    client.putheader("Content-Length", str(len(body)))
    client.putheader("Expect", "100-continue")
    client.endheaders()
    assert client.sock.recv(100).startswith(b"HTTP/1.1 100 ")  # by now it waits for the body
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    client.send(body)
    assert client.getresponse().status == 200
    assert process.wait(20) == -signal.SIGTERM
    (line,) = map(json.loads, log.read_text("utf-8").splitlines())
    told = contract.described(contract.load(run / "export/gguf"))
    assert list(line["inputs"]) == [each["name"] for each in told]
    assert datetime.fromisoformat(line["time"]).tzinfo is UTC


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--serve.engine=ollama", "serve.engine: 'ollama' is none of llama-cpp"),
        ("--serve.engine=http://127.0.0.1:9", "http://127.0.0.1:9/v1/models tells of no model"),
        ("--serve.port=PORT", "serve.host, serve.port"),
    ],
)
def test_what_keeps_it_from_starting_is_explained(
    option: str,
    words: str,
    run: Path,
    config: Config,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "config.yaml").write_text(dump(config))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        command = ["serve", f"--config={tmp_path / 'config.yaml'}", "--run=demo"]
        assert cli.main([*command, option.replace("PORT", port)]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
