"""POST /predict: check, read, predict, count and log a request; other paths go to the app."""

import asyncio
import hmac
import logging
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from functools import partial
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
LATE = RequestError(408, f"the body took more than {BODY_SECONDS} seconds")
GONE = RequestError(499, "the client disconnected")
FAILED = RequestError(500, "no prediction: the log of the server says why")
JSON = (b"content-type", b"application/json")
HEADERS = {405: [(b"allow", b"POST")], 503: [(b"retry-after", b"1")]}
Headers = dict[bytes, bytes]
Response = tuple[int, Iterable[tuple[bytes, bytes]], bytes]  # status, headers, body
Reply = Callable[[Response], None]
Steps = Generator[asyncio.Future[Any], None, Response]  # goes on when the future is done
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

    def check(self, method: str, headers: Headers) -> int:
        """Return the largest length of a body; RequestError if the headers are refused already."""
        if method != "POST":
            raise RequestError(405, "use POST")
        given = headers.get(b"x-api-key", b"")
        if self.key is not None and not hmac.compare_digest(given, self.key.encode()):
            raise RequestError(401, "the header X-API-Key is missing or wrong")
        limit = int(self.settings.max_body_mb * 1e6)
        if int(headers.get(b"content-length", 0)) > limit:
            raise _too_large(limit)
        return limit

    def answer(
        self, body: bytearray, headers: Headers, query: bytes, started: float, reply: Reply
    ) -> None:
        """Give `reply` the response to a request that passed `check`, now or later.

        It `started` at that time of `time.perf_counter`.
        """
        _advance(self._answer(body, headers, b"explain=1" in query, started), reply)

    def refuse(self, error: RequestError, started: float) -> Response:
        """Count an error and return its response."""
        return self._respond(error.status, error.content, started)

    def _answer(self, body: bytearray, headers: Headers, explain: bool, started: float) -> Steps:
        try:
            content = yield from self._predict(body, headers, explain)
        except RequestError as error:
            return self.refuse(error, started)
        except Exception:
            logging.getLogger("uvicorn.error").exception("POST %s", PATH)
            return self.refuse(FAILED, started)
        return self._respond(200, content, started)

    def _respond(self, status: int, content: Any, started: float) -> Response:
        self.telemetry.request(status, time.perf_counter() - started)
        body = encode(content)
        length = (b"content-length", b"%d" % len(body))
        return status, (JSON, length, *HEADERS.get(status, ())), body

    def _predict(
        self, body: bytearray, headers: Headers, explain: bool
    ) -> Generator[asyncio.Future[Any], None, Any]:
        request = self.payload.read(body, headers.get(b"content-type", b"").decode("latin-1"))
        if isinstance(request, asyncio.Future):
            yield request
            request = request.result()
        rows = request if isinstance(request, list) else [request]
        if len(rows) > self.settings.max_rows:
            limit = self.settings.max_rows
            raise RequestError(413, f"{len(rows)} rows; at most {limit} are allowed")
        try:
            predicted = self.batcher(rows)
        except asyncio.QueueFull:
            raise RequestError(503, "too many rows are waiting; try again") from None
        yield predicted
        answers = predicted.result()
        unseen = [self.payload.unseen(row) for row in rows]
        self.telemetry.answers(answers, unseen)
        self.log.add(rows, answers)
        if explain:
            pairs = zip(answers, unseen, strict=True)
            answers = [{**answer, "unseen": names} for answer, names in pairs]
        return answers if rows is request else answers[0]


@dataclass
class Middleware:
    """Plain ASGI: what protocol.py leaves, and all if this release of uvicorn can't be extended."""

    app: ASGIApp
    predict: Predict

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of the ASGI protocol."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self.app(scope, receive, send)
            return
        status, headers, body = await self._answer(scope, receive, time.perf_counter())
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive, started: float) -> Response:
        headers = dict(scope["headers"])
        try:
            body = await _read(receive, self.predict.check(scope["method"], headers))
        except RequestError as error:
            return self.predict.refuse(error, started)
        response: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        def reply(found: Response) -> None:
            if not response.done():  # cancelled by a shutdown
                response.set_result(found)

        self.predict.answer(body, headers, scope["query_string"], started, reply)
        return await response


async def _read(receive: Receive, limit: int) -> bytearray:
    """Return the body, but never read more than `limit` bytes, whatever its headers say."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while await _receive(receive, body, limit):
                pass
    except TimeoutError:
        raise LATE from None
    return body


async def _receive(receive: Receive, body: bytearray, limit: int) -> bool:
    """Append a message to the body and return whether more follow."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise GONE
    body += message.get("body", b"")
    if len(body) > limit:
        raise _too_large(limit)
    return bool(message.get("more_body"))


def _too_large(limit: int) -> RequestError:
    return RequestError(413, f"the body is larger than {limit} bytes")


def _advance(steps: Steps, reply: Reply, _: Any = None) -> None:
    """Go on to the next future, which calls this when it is done: a task would take longer."""
    try:
        future = next(steps)
    except StopIteration as end:
        reply(end.value)
    else:
        future.add_done_callback(partial(_advance, steps, reply))
