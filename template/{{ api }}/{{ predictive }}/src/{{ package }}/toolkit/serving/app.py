"""Serve the exported model over HTTP: `serve`, then open http://127.0.0.1:8000/docs.

Parsing takes longer than a small model, so POST /predict bypasses FastAPI: one decoder, made from
the contract, validates a request, and requests are batched (see serving/).
"""

import asyncio
import gc
import hmac
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from fastapi import APIRouter, FastAPI, HTTPException, Security
from fastapi.responses import PlainTextResponse, RedirectResponse
from fastapi.security import APIKeyHeader
from fastapi_offline import FastAPIOffline
from msgspec import json

from ..export.contract import Contract, version
from ..export.onnx_runtime import Predictor, load
from ..runs import UserError
from ..settings.serve import Serve, serving_key
from .answers import UNESCAPES, Refusal, answer_type
from .batching import Batcher
from .endpoint import Middleware, Predict
from .payload import REFUSALS, Payload, Row
from .request_log import RequestLog
from .server import Server, include
from .telemetry import Telemetry


def serve(settings: Serve, run: Path, router: APIRouter) -> None:
    """Serve the model of a run until a signal; then answer open requests and write the log."""
    app = create_app(run / "export" / "onnx", settings, router)
    host, port = address = (settings.host, settings.port)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server(address, family=family, backlog=2048)
    except OSError as error:
        raise UserError(f"serve.host, serve.port: {host}:{port}: {error.strerror}.") from None
    host, port = listener.getsockname()[:2]
    print(f"   serve  http://{f'[{host}]' if ':' in host else host}:{port}/docs", flush=True)
    config = uvicorn.Config(app, http=protocol(), log_level="warning", timeout_graceful_shutdown=20)
    Server(config).run(sockets=[listener])


def protocol() -> Any:
    """Return serving/protocol.py's; or uvicorn's own if its release can't be extended."""
    try:
        from .protocol import Protocol
    except ImportError as error:
        print(f"   serve  with half the requests per second: {error}", flush=True)
        return "auto"
    return Protocol


def create_app(folder: Path, settings: Serve, router: APIRouter | None = None) -> FastAPI:
    """Return the app of an export folder; MODEL_API_KEY in the environment protects predictions.

    It protects the endpoints of `router` too, which find the model in `app.state.model`.
    UserError if the export is incomplete, or the request log can't be written.
    """
    model = load(folder, threads=1)
    payload, telemetry = Payload(model.contract), Telemetry()
    batcher = Batcher(_predictor(model, payload), settings.max_batch, settings.max_queue)
    name = version(model.contract)
    log = RequestLog(settings.request_log, name, payload, telemetry.lost)
    key = serving_key()
    predict = Predict(settings, key, payload, batcher, telemetry, log)
    row = payload.decode(json.encode(payload.example(model.contract)))
    batcher.warm_up(row)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        gc.freeze()  # what is loaded by now stays: exclude it from garbage collection
        writing = asyncio.create_task(log.run())
        yield {"predict": predict}
        writing.cancel()
        log.write()

    app = _documented(title=model.contract["project"], version=name, lifespan=lifespan)
    app.state.model = model
    app.add_middleware(Middleware, predict)

    @app.get("/ready", responses={503: {"description": "Too many rows are waiting."}})
    async def ready() -> dict[str, str]:
        """Predict a row, to report that requests will be answered."""
        try:
            await batcher([row])
        except asyncio.QueueFull:
            raise HTTPException(503, "too many rows are waiting") from None
        return {"status": "ready", "model": name}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> str:
        """Return the metrics in the text format of Prometheus."""
        return telemetry.text()

    include(app, router or APIRouter(), _checked(key), "/predict")
    describe_api(app.openapi(), payload, model.contract, locked=key is not None)
    for methods in (getattr(route, "methods", None) or set() for route in app.routes):
        if "GET" in methods:
            methods.add("HEAD")  # now, so that the document above does not list it
    return app


def _checked(key: str | None) -> Callable[..., Awaitable[None]]:
    """Return a dependency that refuses requests without the key, if there is one."""
    header = APIKeyHeader(name="X-API-Key", scheme_name="key", auto_error=False)

    async def check(given: str | None = Security(header)) -> None:
        if key is not None and not hmac.compare_digest((given or "").encode(), key.encode()):
            raise HTTPException(401, "the header X-API-Key is missing or wrong")

    return check


def _documented(**settings: Any) -> FastAPI:
    """Return an app whose /docs works offline, and whose / redirects there; with /health."""
    app = FastAPIOffline(**settings)

    @app.get("/", include_in_schema=False)
    async def root() -> RedirectResponse:
        return RedirectResponse("docs")

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Say that the process answers."""
        return {"status": "ok"}

    return app


def _predictor(model: Predictor, payload: Payload) -> Callable[[list[Row]], list[dict[str, Any]]]:
    """Return the function from decoded rows to their answers."""
    labels = model.contract["outputs"]["labels"]
    offset = model.contract["outputs"].get("offset", 0.0)

    def predict(rows: list[Row]) -> list[dict[str, Any]]:
        predictions, chosen = model.decide(payload.columns(rows))
        if labels is None or chosen is None:
            return [{"value": value + offset} for value in predictions.tolist()]
        pairs = zip(chosen.tolist(), predictions.tolist(), strict=True)
        return [{"label": c, "probabilities": dict(zip(labels, p, strict=True))} for c, p in pairs]

    return predict


def describe_api(
    document: dict[str, Any], payload: Payload, contract: Contract, locked: bool
) -> None:
    """Add /predict to an OpenAPI document; `locked` means that it requires an API key."""
    answer = answer_type(contract["outputs"]["labels"])
    either = answer | list[answer]  # type: ignore[valid-type]
    (answers, refusal), schemas = msgspec.json.schema_components(
        [either, Refusal], ref_template="#/components/schemas/{name}"
    )
    body, row_schemas = payload.content(contract)
    schemas |= row_schemas
    for schema in schemas.values():
        _restore_names(schema)
    operation: dict[str, Any] = {
        "summary": f"Predict {contract['outputs']['target']} for one row or several",
        "operationId": "predict",
        "requestBody": {"required": True, "content": body},
        "responses": {
            "200": {
                "description": "One answer per row, in their order.",
                "content": _json(answers),
            },
            **{
                str(status): {"description": text, "content": _json(refusal)}
                for status, text in REFUSALS.items()
            },
        },
    }
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(schemas)
    if locked:
        operation["security"] = [{"key": []}]
        header = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
        components["securitySchemes"] = {"key": header}
    document["paths"]["/predict"] = {"post": operation}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _restore_names(schema: dict[str, Any]) -> None:
    properties = schema.get("properties", {})
    schema["properties"] = {name.translate(UNESCAPES): kind for name, kind in properties.items()}
    schema["required"] = [name.translate(UNESCAPES) for name in schema.get("required", [])]
