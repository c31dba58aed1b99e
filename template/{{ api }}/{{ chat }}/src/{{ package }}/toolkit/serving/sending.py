"""Receive request bodies, and send answers as JSON or server-sent events."""

import asyncio
import hmac
from collections.abc import Coroutine, Iterable
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Send

from .replies import HEADERS, RequestError

EVENTS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
encode = msgspec.json.Encoder().encode


class Sender:
    """Sends the response to one client."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.streaming = False

    async def send_json(self, status: int, content: Any) -> None:
        """Send a complete JSON response."""
        body = encode(content)
        length = (b"content-length", b"%d" % len(body))
        headers = [(b"content-type", b"application/json"), length, *HEADERS.get(status, ())]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    async def send_event(self, content: Any) -> None:
        """Send an event of a stream; the first one also sends the headers."""
        if not self.streaming:
            self.streaming = True
            await self.send({"type": "http.response.start", "status": 200, "headers": EVENTS})
        body = b"data: " + encode(content) + b"\n\n"
        await self.send({"type": "http.response.body", "body": body, "more_body": True})

    async def end_stream(self, contents: Iterable[Any]) -> None:
        """Send the last events of a stream and end it."""
        for content in contents:
            await self.send_event(content)
        await self.send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    async def send_error(self, error: RequestError) -> None:
        """Send an error: as the last event of a stream that has started, else as JSON."""
        if self.streaming:
            await self.send_event(error.content)
            await self.send({"type": "http.response.body", "body": b""})
        else:
            await self.send_json(error.status, error.content)


def check_key(key: str | None, request: Request) -> None:
    """Raise RequestError if a key is set and the request does not have it."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    right = key is None or hmac.compare_digest(given.strip().encode(), key.encode())
    if key is not None and not (right and scheme.lower() == "bearer"):
        reason = "The key is missing or wrong: send the header Authorization: Bearer KEY."
        raise RequestError(401, reason, code="invalid_api_key")


async def read(request: Request, limit: int) -> bytearray:
    """Return the body, but never read much more than `limit` bytes, whatever the headers say."""
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > limit:
                raise RequestError(413, f"The body is larger than {limit} bytes.")
    except ClientDisconnect:
        raise RequestError(499, "The client has disconnected.") from None
    return body


async def until_disconnect(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """Run `work`, but cancel it and raise RequestError if the client disconnects."""
    working, disconnected = asyncio.ensure_future(work), asyncio.ensure_future(_wait(receive))
    try:
        await asyncio.wait({working, disconnected}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise RequestError(499, "The client has disconnected.")
    finally:
        for task in (working, disconnected):
            task.cancel()
        await asyncio.wait({working, disconnected})
    working.result()


async def _wait(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass
