"""A gateway in a thread, a client that speaks plain HTTP to it, and an engine that is slow."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import uvicorn

from my_model import cli, serve
from my_model.config import Config, section
from my_model.engines.engine import Engine, started
from my_model.server.upstream import PATH
from my_model.settings.serve import Serve

NAME = cli.FOLDER.name.replace("_", "-")  # of the model
BODY = {"model": NAME, "messages": [{"role": "user", "content": "What is Python?"}]}


@contextmanager
def serving(
    run: Path, config: Config, engine: Engine | None = None, **settings: Any
) -> Iterator[int]:
    """Serve in a thread and give the port; the engine is llama.cpp if there is no other."""
    told = section(config, Serve).model_copy(update={"request_log": None} | settings)
    with ExitStack() as stack:
        engine = engine or stack.enter_context(started(run, told, "127.0.0.1", 0, "secret"))
        app = serve.create_app(run / "export/gguf", told, engine)
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def ask(
    port: int, body: Any = None, path: str = PATH, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Return the status and the decoded answer; a body that isn't bytes goes as JSON."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    raw = body if isinstance(body, bytes | Iterator) else json.dumps(body).encode()
    connection.request("GET" if body is None else "POST", path, raw, headers or {})
    response = connection.getresponse()
    text = response.read().decode(errors="replace")
    connection.close()
    is_json = response.headers.get_content_type() == "application/json"
    return response.status, json.loads(text) if is_json else text


class Slow(ThreadingHTTPServer):
    """An engine that says a word and then nothing, until `go`; it notes who went away meanwhile."""

    daemon_threads = True

    def __init__(self, says: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), says)
        self.go, self.left, self.asked = threading.Event(), threading.Event(), threading.Event()

    @property
    def engine(self) -> Engine:
        return Engine(f"http://127.0.0.1:{self.server_address[1]}", "slow", None)


class Words(BaseHTTPRequestHandler):
    """What it answers: `Well`, and after a long silence the end of the connection."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.say("Well")
        self.server.asked.set()
        while not self.server.go.wait(0.05):
            try:
                self.wfile.write(b": still there\n\n")
            except OSError:
                self.server.left.set()
                return

    def say(self, text: str) -> None:
        chunk = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

    def log_message(self, *words: Any) -> None:
        pass


@contextmanager
def slow(says: type[BaseHTTPRequestHandler] = Words) -> Iterator[Slow]:
    """Run an engine that takes its time, or another."""
    with Slow(says) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.go.set()
            server.shutdown()
            thread.join()
