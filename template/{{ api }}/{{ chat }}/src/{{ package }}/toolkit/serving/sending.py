"""Both ways between a client and the endpoint: a body comes, an answer goes, as JSON or events."""

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
    """The way back to one client."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.streaming = False

    async def whole(self, status: int, content: Any) -> None:
        """Send JSON, and nothing more."""
        body = encode(content)
        sizes = (b"content-length", b"%d" % len(body))
        headers = [(b"content-type", b"application/json"), sizes, *HEADERS.get(status, ())]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    async def event(self, content: Any) -> None:
        """Send a part of a stream; the first one begins it."""
        if not self.streaming:
            self.streaming = True
            await self.send({"type": "http.response.start", "status": 200, "headers": EVENTS})
        body = b"data: " + encode(content) + b"\n\n"
        await self.send({"type": "http.response.body", "body": body, "more_body": True})

    async def end(self, contents: Iterable[Any]) -> None:
        """Send the last parts of a stream and end it."""
        for content in contents:
            await self.event(content)
        await self.send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    async def refuse(self, refusal: RequestError) -> None:
        """Say why there is no answer; a stream that has begun ends with that, its status sent."""
        if self.streaming:
            await self.event(refusal.content)
            await self.send({"type": "http.response.body", "body": b""})
        else:
            await self.whole(refusal.status, refusal.content)


def check_key(key: str | None, request: Request) -> None:
    """Raise RequestError if there is a key and the request does not bring it."""
    given = request.headers.get("authorization", "").encode()
    if key is not None and not hmac.compare_digest(given, f"Bearer {key}".encode()):
        raise RequestError(401, "The key in the header Authorization is missing or wrong.")


async def read(request: Request, limit: int) -> bytearray:
    """Return the body, but never hold much more than `limit` bytes, whatever headers promise."""
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > limit:
                raise RequestError(413, f"The body is larger than {limit} bytes.")
    except ClientDisconnect:
        raise RequestError(499, "The client has gone.") from None
    return body


async def until_gone(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """Do some work, but stop where it is when the client goes away: RequestError then."""
    working, going = asyncio.ensure_future(work), asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({working, going}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise RequestError(499, "The client has gone.")
    finally:
        for task in (working, going):
            task.cancel()
        await asyncio.wait({working, going})
    working.result()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
