"""POST /predict: check, read, predict, count and log a request; other paths go to the app."""

import asyncio
import hmac
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from ..settings.serve import Serve
from .answers import RequestError
from .batching import Batcher
from .payload import Payload
from .request_log import RequestLog
from .telemetry import Telemetry

PATH = "/predict"
BODY_SECONDS = 30  # within which a body has to arrive
JSON = (b"content-type", b"application/json")
HEADERS = {405: [(b"allow", b"POST")], 503: [(b"retry-after", b"1")]}
Response = tuple[int, Iterable[tuple[bytes, bytes]], bytes]  # status, headers, body
encode = msgspec.json.Encoder().encode


@dataclass
class Predict:
    """What answers the requests to /predict, whichever way they come."""

    settings: Serve
    key: str | None
    payload: Payload
    batcher: Batcher
    telemetry: Telemetry
    log: RequestLog

    async def __call__(self, scope: Scope, receive: Receive) -> Response:
        """Answer a request, whose body `receive` returns as in ASGI."""
        started, status = time.perf_counter(), 500
        try:
            content = await self._answer(scope, receive)
            status = 200
        except RequestError as error:
            status, content = error.status, error.content
        except Exception:
            logging.getLogger("uvicorn.error").exception("POST %s", PATH)
            content = RequestError(500, "no prediction: see the log of the server").content
        finally:
            self.telemetry.request(status, time.perf_counter() - started)
        body = encode(content)
        return (
            status,
            (JSON, (b"content-length", b"%d" % len(body)), *HEADERS.get(status, ())),
            body,
        )

    async def _answer(self, scope: Scope, receive: Receive) -> Any:
        if scope["method"] != "POST":
            raise RequestError(405, "use POST")
        headers = dict(scope["headers"])
        self._check_key(headers.get(b"x-api-key", b""))
        limit = int(self.settings.max_body_mb * 1e6)
        if int(headers.get(b"content-length", 0)) > limit:
            raise _too_large(limit)
        body = await _read(receive, limit)
        kind = headers.get(b"content-type", b"").decode("latin-1")
        request = await self.payload.read(body, kind)
        rows = request if isinstance(request, list) else [request]
        if len(rows) > self.settings.max_rows:
            limit = self.settings.max_rows
            raise RequestError(413, f"{len(rows)} rows; at most {limit} are allowed")
        try:
            answers = await self.batcher(rows)
        except asyncio.QueueFull:
            raise RequestError(503, "too many rows are waiting; try again") from None
        unseen = [self.payload.unseen(row) for row in rows]
        self.telemetry.answers(answers, unseen)
        self.log.add(rows, answers)
        if b"explain=1" in scope.get("query_string", b""):
            pairs = zip(answers, unseen, strict=True)
            answers = [{**answer, "unseen": names} for answer, names in pairs]
        return answers if rows is request else answers[0]

    def _check_key(self, given: bytes) -> None:
        if self.key is not None and not hmac.compare_digest(given, self.key.encode()):
            raise RequestError(401, "the header X-API-Key is missing or wrong")


@dataclass
class Middleware:
    """The plain ASGI way to `predict`, for servers that protocol.py does not extend."""

    app: ASGIApp
    predict: Predict

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of the ASGI protocol."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self.app(scope, receive, send)
            return
        status, headers, body = await self.predict(scope, receive)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _read(receive: Receive, limit: int) -> bytearray:
    """Return the body, but never read more than `limit` bytes, whatever its headers say."""
    body = bytearray()
    if not await _receive(receive, body, limit):
        return body  # one message, as almost always: no timer
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while await _receive(receive, body, limit):
                pass
    except TimeoutError:
        raise RequestError(408, f"the body took more than {BODY_SECONDS} seconds") from None
    return body


async def _receive(receive: Receive, body: bytearray, limit: int) -> bool:
    """Append a message to the body and return whether more follow."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise RequestError(499, "the client disconnected")
    body += message.get("body", b"")
    if len(body) > limit:
        raise _too_large(limit)
    return bool(message.get("more_body"))


def _too_large(limit: int) -> RequestError:
    return RequestError(413, f"the body is larger than {limit} bytes")
