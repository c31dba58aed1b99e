"""The gateway describes itself, counts, and logs what `monitor` reads."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from api_client import BODY, ask, serving

from my_model import cli
from my_model.config import Config
from my_model.server.upstream import PATH

KINDS = ['{kind="prompt"}', '{kind="completion"}']


@pytest.fixture(scope="module")
def port(run: Path, config: Config) -> Iterator[int]:
    with serving(run, config) as port:
        yield port


@pytest.fixture(scope="module")
def examples(run: Path) -> dict:
    return json.loads((run / "export/gguf/examples.json").read_text())


def test_it_describes_itself(port: int) -> None:
    assert ask(port, path="/health") == (200, {"status": "ok"})
    assert ask(port, path="/ready")[0] == 200
    _, document = ask(port, path="/openapi.json")
    body = document["paths"][PATH]["post"]["requestBody"]["content"]["application/json"]
    assert ask(port, body["example"])[0] == 200
    fields = document["components"]["schemas"]["Asked"]["properties"]
    assert {*BODY, "stream", "max_tokens", "temperature"} <= {*fields}


def test_its_page_needs_no_internet(port: int) -> None:
    """Every file that /docs asks for comes from the server itself, and / leads there."""
    status, page = ask(port, path="/docs")
    files = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert status == 200 and any(file.endswith(".js") for file in files), page
    assert "https://" not in page and {ask(port, path=file)[0] for file in files} == {200}, files
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/")
    assert connection.getresponse().headers["location"] == "docs"


def test_counts_and_times_are_told(run: Path, config: Config) -> None:
    with serving(run, config) as port:
        used = ask(port, BODY)[1]["usage"]
        assert ask(port, BODY | {"stream": True})[1].endswith("data: [DONE]\n\n")
        assert ask(port, {})[0] == 422
        text = ask(port, path="/metrics")[1]
    told = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("chat_"))
    assert told['chat_requests_total{status="200"}'] == "2.0"
    assert told['chat_requests_total{status="422"}'] == "1.0"
    counts = [float(told[f"chat_tokens_total{kind}"]) for kind in KINDS]
    assert counts == [2 * used["prompt_tokens"], 2 * used["completion_tokens"]]
    assert 0 < float(told["chat_first_token_seconds_sum"]) <= float(told["chat_seconds_sum"])
    assert told["chat_open"] == "0.0"


def test_monitor_reads_the_log(
    run: Path, config: Config, options: list[str], examples: dict, tmp_path: Path
) -> None:
    """It holds what was measured and no words; the usual questions do not drift, others do."""
    rows = [row["messages"] for row in examples["rows"]]
    loud = [[{**turn, "content": turn["content"].upper()} for turn in chat] for chat in rows]
    for name, chats, code in (("usual", rows, 0), ("loud", loud, 1)):
        log = tmp_path / f"{name}.jsonl"
        with serving(run, config, request_log=log) as port:
            assert {ask(port, BODY | {"messages": chat})[0] for chat in chats} == {200}
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        assert len(lines) == len(chats) and {*lines[0]} == {"time", "model", "inputs", "value"}
        assert all(isinstance(value, int | float) for value in lines[0]["inputs"].values())
        words = ["monitor", str(log), "--run=demo", "--monitor.min_rows=20", *options]
        assert cli.main(words) == code, name


def test_no_training_library_is_imported() -> None:
    code = "import sys, my_model.serve, my_model.engines.llama_cpp; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"pandas", "torch", "transformers", "scipy"} & set(loaded.stdout.split())
