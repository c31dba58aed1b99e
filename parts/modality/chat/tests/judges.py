"""A judge over real HTTP that goes by a rule, and what was made of its verdicts."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from my_model import cli
from my_model import judge as judging
from my_model.config import Config
from my_model.judging import endpoint

Rule = Callable[[dict[str, Any]], Any]  # what is asked -> a reply, or a status of HTTP


class Server(ThreadingHTTPServer):
    """OpenAI's chat completions, by a rule; it notes what it was asked, and with which key."""

    daemon_threads = True

    def __init__(self, rule: Rule) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.rule, self.asked, self.keys = rule, [], []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    @property
    def options(self) -> list[str]:
        """Return the options that name it."""
        return [f"--evaluate.judge.url={self.address}", "--evaluate.judge.model=rule"]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(told)
        self.server.keys.append(self.headers["authorization"])
        said = self.server.rule(told) if self.path == "/v1/chat/completions" else 404
        content = {"choices": [{"message": {"role": "assistant", "content": said}}]}
        wrong = {"error": {"message": f"not with {self.headers['authorization']}"}}
        body = json.dumps(wrong if isinstance(said, int) else content).encode()
        self.send_response(said if isinstance(said, int) else 200)
        if said == 302:
            self.send_header("location", "http://127.0.0.1:9/v1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        pass


@contextmanager
def serving(rule: Rule) -> Iterator[Server]:
    """Run a judge in a thread."""
    with Server(rule) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def longer(told: dict[str, Any]) -> str:
    """Prefer the longer answer."""
    text = told["messages"][1]["content"]
    first = text.split("[First answer]\n")[1].split("\n[End of the first answer]")[0]
    second = text.split("[Second answer]\n")[1].split("\n[End of the second answer]")[0]
    order = (len(first) > len(second)) - (len(first) < len(second))
    return f"I counted, and [[A]] is not yet it: [[{'CAB'[order]}]]."


def unjudged(run: Path, patch: pytest.MonkeyPatch) -> Path:
    """Return a copy of a run, `judged`, that nobody has judged; no pause before asking again."""
    patch.setattr(endpoint, "PAUSES", (0, 0))
    patch.setenv("JUDGE_API_KEY", "sesame")
    shutil.rmtree(run.parent / "judged", ignore_errors=True)
    return Path(shutil.copytree(run, run.parent / "judged"))


def command(options: list[str], server: Server, *more: str) -> int:
    return cli.main(["judge", "--run=judged", *options, *server.options, *more])


def judge(config: Config, judged: Path, server: Server, **more: Any) -> str:
    """Do as the command, but for the report, which takes longer than the rest."""
    told = {"url": server.address, "model": "rule", **more}
    settings = config.evaluate.judge.model_copy(update=told)
    evaluate = config.evaluate.model_copy(update={"judge": settings})
    return judging.judge(config.model_copy(update={"evaluate": evaluate}), judged)


def found(judged: Path) -> dict[str, Any]:
    return json.loads((judged / "evaluation/judging.json").read_text("utf-8"))


def lines(judged: Path) -> list[dict[str, Any]]:
    path = judged / "judging/judge.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
