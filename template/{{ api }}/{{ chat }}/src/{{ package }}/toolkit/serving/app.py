"""Answer conversations over HTTP with OpenAI's API: `serve`, then open http://127.0.0.1:8000/docs.

A gateway before the engine that writes the answers (see engines/): it checks keys and requests,
bounds what waits, counts, and logs what `monitor` looks at.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from ..engines.engine import Engine, started
from ..export.contract import load, version
from ..runs import UserError
from ..settings.serve import Serve
from .endpoint import Chat
from .openapi import describe
from .patience import Server
from .payload import Payload
from .replies import RequestError
from .request_log import RequestLog
from .sending import check_key
from .telemetry import Telemetry
from .upstream import Upstream

NEAR = "127.0.0.1"  # where an engine of this project listens: for the gateway alone


def serve(settings: Serve, run: Path) -> None:
    """Serve a run's model until a signal; then finish open answers and the log."""
    host, port = address = (settings.host, settings.port)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)  # uvicorn lets it listen, when the engine is ready
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        raise UserError(f"serve.host, serve.port: {host}:{port}: {error.strerror}.") from None
    with started(run, settings, NEAR, 0, os.urandom(16).hex()) as engine:
        app = create_app(run / "export" / "gguf", settings, engine)
        host, port = listener.getsockname()[:2]
        print(f"   serve  http://{f'[{host}]' if ':' in host else host}:{port}/docs", flush=True)
        server = Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=20))
        server.run(sockets=[listener])


def create_app(folder: Path, settings: Serve, engine: Engine) -> FastAPI:
    """Return the app of an export folder; MODEL_API_KEY in the environment locks what is in /v1.

    UserError if the folder holds no intact export, or the request log can't be written.
    """
    contract, upstream, telemetry = load(folder), Upstream(engine), Telemetry()
    payload = Payload(contract, settings)
    name = version(contract)
    log = RequestLog(settings.request_log, name, payload, telemetry.lost)
    key = os.environ.get("MODEL_API_KEY") or None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        writing = asyncio.create_task(log.run())
        yield
        await upstream.client.aclose()
        writing.cancel()
        log.write()

    app = _documented(title=contract["project"], version=name, lifespan=lifespan)
    app.add_middleware(Chat, contract, settings, key, payload, upstream, telemetry, log)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestError, _refused)

    @app.get("/v1/models")
    async def models(request: Request) -> dict[str, Any]:
        """Name the model."""
        check_key(key, request)
        told = {"id": payload.model, "object": "model", "created": 0, "owned_by": "here"}
        return {"object": "list", "data": [told]}

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Say that the process answers."""
        return {"status": "ok"}

    @app.get("/ready", responses={503: {"description": "The engine does not answer."}})
    async def ready() -> dict[str, str]:
        """Ask the engine, to say that conversations will be answered."""
        if not await upstream.ready():
            raise RequestError(503, "The engine does not answer.")
        return {"status": "ready", "model": name}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> str:
        """Show counts and times in the text format of Prometheus."""
        return telemetry.text()

    describe(app.openapi(), payload, contract, locked=key is not None)
    return app


def _documented(**about: Any) -> FastAPI:
    """Return an app whose /docs needs no internet, and to which / leads."""
    app = FastAPIOffline(**about)

    @app.get("/", include_in_schema=False)
    async def root() -> RedirectResponse:
        return RedirectResponse("docs")

    return app


async def _refused(request: Request, error: Exception) -> JSONResponse:
    """Give every error OpenAI's shape."""
    headers = getattr(error, "headers", None)  # a 405 has to say what is allowed
    if isinstance(error, HTTPException):
        sentence = f"{error.detail}: {request.method} {request.url.path}."
        error = RequestError(error.status_code, sentence)
    assert isinstance(error, RequestError)
    return JSONResponse(error.content, error.status, headers)
