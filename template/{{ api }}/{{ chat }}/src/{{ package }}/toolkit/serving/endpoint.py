"""POST /v1/chat/completions as plain ASGI: read, check, have it answered, count, log."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ..chats.messages import Message
from ..export.contract import Contract
from ..export.feed import feed
from ..settings.serve import Serve
from .payload import Payload
from .replies import Answer, RequestError
from .request import ChatRequest
from .request_log import RequestLog
from .sending import Sender, check_key, read, until_gone
from .telemetry import Telemetry
from .upstream import PATH, Upstream

BODY_SECONDS = 30  # a body has to arrive within this time


@dataclass
class Chat:
    """The middleware that answers conversations; other paths go on to the app."""

    app: ASGIApp
    contract: Contract
    settings: Serve
    key: str | None
    payload: Payload
    upstream: Upstream
    telemetry: Telemetry
    log: RequestLog

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of the ASGI protocol."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self.app(scope, receive, send)
            return
        started, status, sender = time.perf_counter(), 500, Sender(send)
        try:
            asked, chat = await self._read(Request(scope, receive))
            with self._place():
                await until_gone(receive, self._answer(asked, chat, sender, started))
            status = 200
        except RequestError as refusal:
            status = refusal.status
            await sender.refuse(refusal)
        finally:
            self.telemetry.request(status, time.perf_counter() - started)

    async def _read(self, request: Request) -> tuple[ChatRequest, list[Message]]:
        if request.method != "POST":
            raise RequestError(405, "Use POST.")
        check_key(self.key, request)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await read(request, int(self.settings.max_body_mb * 1e6))
        except TimeoutError:
            raise RequestError(408, f"The body took more than {BODY_SECONDS} seconds.") from None
        return self.payload.decode(body)

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Count a request among those that are open; RequestError if too many are."""
        if self.telemetry.open >= self.settings.parallel + self.settings.max_queue:
            raise RequestError(503, "Too many requests are waiting: try again.")
        self.telemetry.open += 1
        try:
            yield
        finally:
            self.telemetry.open -= 1

    async def _answer(
        self, asked: ChatRequest, chat: list[Message], sender: Sender, started: float
    ) -> None:
        answer, most = Answer(self.payload.model), self.settings.max_seconds
        (messages,) = feed({"messages": [chat]}, self.contract)["messages"]
        words = self.payload.forwarded(asked) | {"messages": messages}
        try:
            async with asyncio.timeout(most):
                await self._write(words, answer, sender if asked.stream else None, started)
        except TimeoutError:
            raise RequestError(504, f"The answer took more than {most:g} seconds.") from None
        self.telemetry.used(answer.usage)
        self.log.add([chat], [{"value": len(answer.text)}])
        if asked.stream:
            await sender.end(answer.last(asked.with_usage))
        else:
            await sender.whole(200, answer.whole())

    async def _write(
        self, words: dict[str, Any], answer: Answer, sender: Sender | None, started: float
    ) -> None:
        """Collect the answer; a sender passes its pieces on."""
        async with aclosing(self.upstream.answer(words, answer)) as pieces:
            async for piece in pieces:
                if piece and answer.text == piece:
                    self.telemetry.first.observe(time.perf_counter() - started)
                if piece and sender:
                    await sender.event(answer.piece(piece))
