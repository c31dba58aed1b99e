"""POST /v1/chat/completions as plain ASGI: read, validate, forward, count, log."""

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
from .sending import Sender, check_key, read, until_disconnect
from .telemetry import Telemetry
from .upstream import PATH, Upstream

BODY_SECONDS = 30  # timeout for receiving a body


@dataclass
class Chat:
    """The middleware that answers conversations; other paths are passed to the app."""

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
            if scope.get("method") == "HEAD":
                scope = {**scope, "method": "GET"}  # uvicorn leaves out the body
            await self.app(scope, receive, send)
            return
        started, status, sender = time.perf_counter(), 500, Sender(send)
        try:
            request, chat = await self._read(Request(scope, receive))
            with self._slot():
                answering = self._answer(request, chat, sender, started)
                await until_disconnect(receive, answering)
            status = 200
        except RequestError as error:
            status = error.status
            await sender.send_error(error)
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
    def _slot(self) -> Iterator[None]:
        """Count an open request; RequestError if there are too many."""
        if self.telemetry.open >= self.settings.parallel + self.settings.max_queue:
            raise RequestError(503, "Too many requests are waiting: try again.")
        self.telemetry.open += 1
        try:
            yield
        finally:
            self.telemetry.open -= 1

    async def _answer(
        self, request: ChatRequest, chat: list[Message], sender: Sender, started: float
    ) -> None:
        answer, limit = Answer(self.payload.model), self.settings.max_seconds
        (messages,) = feed({"messages": [chat]}, self.contract)["messages"]
        options = self.payload.engine_options(request) | {"messages": messages}
        try:
            async with asyncio.timeout(limit):
                stream = sender if request.stream else None
                await self._generate(options, answer, stream, started)
        except TimeoutError:
            raise RequestError(504, f"The answer took more than {limit:g} seconds.") from None
        self.telemetry.count_tokens(answer.usage)
        self.log.add([chat], [{"value": len(answer.text)}])
        if request.stream:
            await sender.end_stream(answer.final_chunks(request.with_usage))
        else:
            await sender.send_json(200, answer.completion())

    async def _generate(
        self, options: dict[str, Any], answer: Answer, sender: Sender | None, started: float
    ) -> None:
        """Collect the answer, and stream its pieces if there is a sender."""
        async with aclosing(self.upstream.answer(options, answer)) as pieces:
            async for piece in pieces:
                if sender and not sender.streaming:
                    await sender.send_event(answer.first_chunk())
                if piece and answer.text == piece:
                    self.telemetry.first_token.observe(time.perf_counter() - started)
                if piece and sender:
                    await sender.send_event(answer.chunk(piece))
