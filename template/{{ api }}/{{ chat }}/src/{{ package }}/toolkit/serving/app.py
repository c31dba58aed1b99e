"""Answer conversations over HTTP with OpenAI's API: `serve`, then open http://127.0.0.1:8000/docs.

A gateway in front of the inference engine (see engines/): it checks keys and requests, limits the
queue, exports metrics, and writes the request log for `monitor`.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from ..engines.engine import Engine, started
from ..export.contract import Contract, load, version
from ..runs import UserError
from ..settings.serve import Serve, serving_key
from .completions import Chat
from .payload import Payload
from .replies import Answer, RequestError
from .request import json_schema
from .request_log import RequestLog
from .sending import check_key
from .server import Server, include
from .telemetry import Telemetry
from .upstream import PATH, Upstream

LOCALHOST = "127.0.0.1"  # where the engine listens, for the gateway only
EVENTS: dict[str, Any] = {"text/event-stream": {}}  # with `stream`
REFUSALS = {
    400: "The body is not JSON, or a field is unknown, missing or out of range: see the message.",
    401: "The key is missing or wrong.",
    404: "There is no model with this name.",
    408: "The body took too long to arrive.",
    413: "The body is too large, or the conversation too long.",
    502: "The engine does not respond, or stopped early.",
    503: "Too many requests are waiting; try again.",
    504: "The answer took too long.",
}


def serve(settings: Serve, run: Path, router: APIRouter) -> None:
    """Serve a run's model until a signal; then finish open requests and the log."""
    host, port = address = (settings.host, settings.port)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)  # uvicorn starts to listen when the engine is ready
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        raise UserError(f"serve.host, serve.port: {host}:{port}: {error.strerror}.") from None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it again: end the engine
    with started(run, settings, LOCALHOST, 0, os.urandom(16).hex()) as engine:
        app = create_app(run / "export" / "gguf", settings, engine, router)
        host, port = listener.getsockname()[:2]
        print(f"   serve  http://{f'[{host}]' if ':' in host else host}:{port}/docs", flush=True)
        server = Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=20))
        server.run(sockets=[listener])


def create_app(
    folder: Path, settings: Serve, engine: Engine, router: APIRouter | None = None
) -> FastAPI:
    """Return the app of an export folder; /v1 requires the key in MODEL_API_KEY, if it is set.

    So do the endpoints of `router`. UserError if the export is missing or damaged, or the request
    log can't be written.
    """
    contract, upstream, telemetry = load(folder), Upstream(engine), Telemetry()
    payload = Payload(contract, settings)
    name = version(contract)
    log = RequestLog(settings.request_log, name, payload, telemetry.lost)
    key = serving_key()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        writing = asyncio.create_task(log.run())
        yield
        await upstream.client.aclose()
        writing.cancel()
        log.write()

    app = _app_with_docs(title=contract["project"], version=name, lifespan=lifespan)
    app.add_middleware(Chat, contract, settings, key, payload, upstream, telemetry, log)
    app.add_exception_handler(HTTPException, _error_response)
    app.add_exception_handler(RequestError, _error_response)
    _add_models(app, payload, key)

    @app.get("/ready", responses={503: {"description": "The engine does not respond."}})
    async def ready() -> dict[str, str]:
        """Return whether the engine responds."""
        if not await upstream.ready():
            raise RequestError(503, "The engine does not respond.")
        return {"status": "ready", "model": name}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> str:
        """Return the metrics in the text format of Prometheus."""
        return telemetry.text()

    include(app, router or APIRouter(), partial(check_key, key), PATH)
    describe_api(app.openapi(), payload, contract, locked=key is not None)
    for methods in (getattr(route, "methods", None) or set() for route in app.routes):
        if "GET" in methods:
            methods.add("HEAD")  # now, so that the document above does not list it
    return app


def _app_with_docs(**options: Any) -> FastAPI:
    """Return an app whose /docs works offline; / redirects to it; with /health."""
    app = FastAPIOffline(**options)

    @app.get("/", include_in_schema=False)
    async def root() -> RedirectResponse:
        return RedirectResponse("docs")

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Say that the process answers."""
        return {"status": "ok"}

    return app


def _add_models(app: FastAPI, payload: Payload, key: str | None) -> None:
    """Add the endpoints that describe the model."""
    model = {"id": payload.model, "object": "model", "created": 0, "owned_by": "here"}

    @app.get("/v1/models")
    async def models(request: Request) -> dict[str, Any]:
        """List the model."""
        check_key(key, request)
        return {"object": "list", "data": [model]}

    @app.get("/v1/models/{name}", responses={404: {"description": REFUSALS[404]}})
    async def one_model(name: str, request: Request) -> dict[str, Any]:
        """Return the model, if it has this name."""
        check_key(key, request)
        payload.check_model(name)
        return model


async def _error_response(request: Request, error: Exception) -> JSONResponse:
    """Return an error in OpenAI's format."""
    headers = getattr(error, "headers", None)  # a 405 has to name the allowed methods
    if isinstance(error, HTTPException):
        message = f"{error.detail}: {request.method} {request.url.path}."
        error = RequestError(error.status_code, message)
    assert isinstance(error, RequestError)
    return JSONResponse(error.content, error.status, headers)


def describe_api(
    document: dict[str, Any], payload: Payload, contract: Contract, locked: bool
) -> None:
    """Add the endpoint to an OpenAPI document; `locked` means that it requires a key."""
    request, schemas = json_schema()
    example = {
        "model": payload.model,
        "messages": [{"role": "user", "content": "What is it about?"}],
        "stream": False,
    }
    answer = Answer(payload.model, text="It is about …").completion()
    error = RequestError(400, "max_tokens is 0.", "max_tokens").content
    operation: dict[str, Any] = {
        "summary": "Answer a conversation, at once or piece by piece (server-sent events)",
        "operationId": "chat",
        "requestBody": {"required": True, "content": _json({"schema": request}, example)},
        "responses": {
            "200": {"description": "An answer.", "content": _json({}, answer) | EVENTS},
            **{
                str(status): {"description": text, "content": _json({}, error)}
                for status, text in REFUSALS.items()
            },
        },
    }
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(schemas)
    if locked:
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        paths = ("/v1/models", "/v1/models/{name}")
        for locked_operation in (operation, *(document["paths"][each]["get"] for each in paths)):
            locked_operation["security"] = [{"key": []}]
    document["paths"][PATH] = {"post": operation}


def _json(media_type: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": media_type | {"example": example}}
