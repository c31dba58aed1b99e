"""`serve` starts the engine itself, and ends it."""

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from my_model import cli
from my_model.config import Config, dump

COMMAND = "import sys; from my_model.cli import main; sys.exit(main())"


def test_a_signal_ends_it(
    run: Path, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_API_KEY", "sesame")
    (tmp_path / "config.yaml").write_text(dump(config))
    options = [f"--config={tmp_path / 'config.yaml'}", f"--run={run.name}", "--serve.port=0"]
    command = [sys.executable, "-c", COMMAND, "serve", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    address = re.search(r"(http://\S+)/v1", process.stdout.readline())[1]
    for key, status in (("sesame", 200), ("guess", 401)):
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        body = b'{"messages": [{"role": "user", "content": "What is Python?"}]}'
        request = urllib.request.Request(f"{address}/v1/chat/completions", body, headers)
        try:
            found = urllib.request.urlopen(request, timeout=30).status
        except urllib.error.HTTPError as error:
            found = error.code
        assert found == status
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    with pytest.raises(OSError):
        urllib.request.urlopen(f"{address}/health", timeout=5)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--serve.engine=ollama", "serve.engine: 'ollama' is none of"),
        ("--serve.engine=http://127.0.0.1:9", "serve.engine: an address needs no server here"),
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
    before = signal.getsignal(signal.SIGTERM)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        command = ["serve", f"--config={tmp_path / 'config.yaml'}", "--run=demo"]
        assert cli.main([*command, option.replace("PORT", port)]) == 2
    signal.signal(signal.SIGTERM, before)
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
