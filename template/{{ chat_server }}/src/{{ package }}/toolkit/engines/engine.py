"""The inference engine: a server with OpenAI's HTTP API, started here or running elsewhere."""

import json
import os
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from ..chats.web import direct
from ..runs import UserError
from ..settings.serve import Serve

MODULES = {"llama-cpp": "llama_cpp", "vllm": "vllm"}  # in order of preference
SECONDS = 10  # timeout of the request for the name of the model


@dataclass(frozen=True)
class Engine:
    """The address of an engine, the name of its model, its API key, and its process."""

    address: str  # such as http://127.0.0.1:8000, without /v1
    model: str
    key: str | None
    process: subprocess.Popen[bytes] | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that a request needs."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


@contextmanager
def started(run: Path, settings: Serve, host: str, port: int, key: str | None) -> Iterator[Engine]:
    """Run the engine that serve.engine names until the block ends; port 0 is any free port.

    An engine given by its address is only connected to. UserError if there is none.
    """
    folder = Path(__file__).parent
    names = [name for name, file in MODULES.items() if (folder / f"{file}.py").exists()]
    name = settings.engine or names[0]
    if "://" in name:
        yield _connect(name.rstrip("/").removesuffix("/v1"))
    elif name in names:
        module = import_module(f".{MODULES[name]}", __package__)
        with module.start(run, settings, host, _free_port(host, port), key) as engine:
            yield engine
    else:
        raise UserError(
            f"serve.engine: {name!r} is unknown: choose one of {', '.join(names)}, or give a URL."
        )


def _free_port(host: str, port: int) -> int:
    """Return a free port: this one, or any if it is 0."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family) as listener:
            return int(listener.getsockname()[1])
    except OSError as error:
        raise UserError(f"serve.host, serve.port: {host}:{port}: {error.strerror}.") from None


def _connect(address: str) -> Engine:
    """Return the engine at an address, with the name of its model."""
    engine = Engine(address, "", os.environ.get("ENGINE_API_KEY") or None)
    try:
        request = urllib.request.Request(f"{address}/v1/models", headers=engine.headers)
        with direct(request, timeout=SECONDS) as answer:
            return Engine(address, json.load(answer)["data"][0]["id"], engine.key)
    except (OSError, ValueError, LookupError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"serve.engine: {address}/v1/models lists no model: {reason}.") from None
