"""What writes the answers: a server with OpenAI's HTTP API, started here or running elsewhere."""

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

OWN = {"llama-cpp": "llama_cpp", "vllm": "vllm"}  # in order of preference
SECONDS = 10  # for an engine to say what its model is called


@dataclass(frozen=True)
class Engine:
    """Where it answers, what it calls its model, the key that it asks for, and its process."""

    address: str  # such as http://127.0.0.1:8000: paths begin with /v1
    model: str
    key: str | None
    process: subprocess.Popen[bytes] | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Return what a request has to bring."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


@contextmanager
def started(run: Path, settings: Serve, host: str, port: int, key: str | None) -> Iterator[Engine]:
    """Give the engine that serve.engine names, until the block ends; port 0 is any that is free.

    One with an address is only asked for its model. UserError says why there is none.
    """
    own = [name for name, file in OWN.items() if (Path(__file__).parent / f"{file}.py").exists()]
    name = settings.engine or own[0]
    if "://" in name:
        yield _elsewhere(name.rstrip("/").removesuffix("/v1"))
    elif name in own:
        module = import_module(f".{OWN[name]}", __package__)
        with module.start(run, settings, host, _free(host, port), key) as engine:
            yield engine
    else:
        raise UserError(f"serve.engine: {name!r} is none of {', '.join(own)}, and no address.")


def _free(host: str, port: int) -> int:
    """Return a port that can be listened at: this one, or any if it is 0."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family) as listener:
            return int(listener.getsockname()[1])
    except OSError as error:
        raise UserError(f"serve.host, serve.port: {host}:{port}: {error.strerror}.") from None


def _elsewhere(address: str) -> Engine:
    engine = Engine(address, "", os.environ.get("ENGINE_API_KEY") or None)
    try:
        request = urllib.request.Request(f"{address}/v1/models", headers=engine.headers)
        with direct(request, timeout=SECONDS) as answer:
            return Engine(address, json.load(answer)["data"][0]["id"], engine.key)
    except (OSError, ValueError, LookupError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"serve.engine: {address}/v1/models tells of no model: {reason}.") from None
