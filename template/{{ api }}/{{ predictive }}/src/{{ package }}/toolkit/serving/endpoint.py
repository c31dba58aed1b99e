"""POST /predict as plain ASGI: read, validate, predict, count, log; other paths go to the app."""

import asyncio
import hmac
import time
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
HEADERS = {405: [(b"allow", b"POST")], 503: [(b"retry-after", b"1")]}
encode = msgspec.json.Encoder().encode


@dataclass
class Predict:
    """The middleware that answers /predict."""

    app: ASGIApp
    settings: Serve
    key: str | None
    payload: Payload
    batcher: Batcher
    telemetry: Telemetry
    log: RequestLog

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of the ASGI protocol."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500
        try:
            status, content = 200, await self._answer(scope, receive)
        except RequestError as error:
            status, content = error.status, error.content
        finally:
            self.telemetry.request(status, time.perf_counter() - started)
        body = encode(content)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            *HEADERS.get(status, ()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> Any:
        if scope["method"] != "POST":
            raise RequestError(405, "use POST")
        headers = dict(scope["headers"])
        self._check_key(headers.get(b"x-api-key", b""))
        body = await _read(receive, int(self.settings.max_body_mb * 1e6))
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
        raise RequestError(413, f"the body is larger than {limit} bytes")
    return bool(message.get("more_body"))
