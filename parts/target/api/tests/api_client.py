"""A server in a thread, and a client that speaks plain HTTP to it."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import uvicorn

from my_model import serve
from my_model.config import Config, section
from my_model.settings.serve import Serve


@contextmanager
def serving(run: Path, config: Config, **settings: Any) -> Iterator[int]:
    """Serve in a thread and give the port."""
    app = serve.create_app(
        run / "export/onnx",
        section(config, Serve).model_copy(update={"request_log": None} | settings),
    )
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


def ask(
    port: int, body: Any = None, path: str = "/predict", headers: dict[str, str] | None = None
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
