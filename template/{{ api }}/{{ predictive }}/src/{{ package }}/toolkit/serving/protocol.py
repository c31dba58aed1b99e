"""uvicorn's HTTP/1.1 protocol, in which most requests to /predict need no ASGI and no task.

Those take longer than the answer. Parsing, pipelining, timers and shutdown stay uvicorn's, and so
does a request with anything unusual about it: the app answers it as well, with the same bytes.
"""

import asyncio
import logging
import time
from types import FunctionType
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from .answers import RequestError
from .endpoint import BODY_SECONDS, GONE, LATE, PATH, Headers, Predict, Response

QUERIES = {PATH.encode(): b"", f"{PATH}?explain=1".encode(): b"explain=1"}  # by URL

# What is used of uvicorn without being documented: of a connection, its flow and a request.
NAMES = """
    access_log access_logger app_state cycle expect_100_continue flow
    headers limit_concurrency loop on_response_complete parser root_path server_state transport url
    resume_reading write_paused
    body default_headers disconnected keep_alive message_event more_body response_complete
"""
METHODS = [
    each
    for kind in (HttpToolsProtocol, FlowControl, RequestResponseCycle)
    for each in vars(kind).values()
    if isinstance(each, FunctionType)
]
for name in NAMES.split():
    if not any(name in (each.__name__, *each.__code__.co_names) for each in METHODS):
        raise ImportError(f"this release of uvicorn has no {name}")


class Protocol(HttpToolsProtocol):
    """A connection; `predict` of the lifespan's state answers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        logs = self.access_log and self.access_logger.isEnabledFor(logging.INFO)
        unusual = logs or self.root_path or self.limit_concurrency is not None
        self.predict: Predict | None = None if unusual else self.app_state.get("predict")

    def on_headers_complete(self) -> None:
        """Take the request, or leave it to uvicorn."""
        idle = self.cycle is None or self.cycle.response_complete
        if self.predict and self.url in QUERIES and idle and not self.flow.write_paused:
            headers = dict(self.headers)
            if self._is_usual(headers, self.predict):
                self.cycle = Cycle(self, self.predict, headers)  # type: ignore[assignment]
                return
        super().on_headers_complete()

    def _is_usual(self, headers: Headers, predict: Predict) -> bool:
        if self.expect_100_continue or b"content-length" not in headers or b"upgrade" in headers:
            return False
        try:
            predict.check(self.parser.get_method().decode(), headers)
        except RequestError:
            return False
        return True

    def data_received(self, data: bytes) -> None:
        """Parse what arrived; the rest of a body has to arrive in time."""
        super().data_received(data)
        cycle: Any = self.cycle
        if cycle.__class__ is Cycle and cycle.more_body and cycle.timer is None:
            cycle.timer = self.loop.call_later(BODY_SECONDS, cycle.refuse, LATE)


class Cycle:
    """A request and its response, as uvicorn's `RequestResponseCycle`, but with callbacks alone.

    uvicorn changes the first five attributes, and calls `set`, that of an event, after each.
    """

    def __init__(self, protocol: Protocol, predict: Predict, headers: Headers) -> None:
        self.body, self.more_body = bytearray(), True
        self.disconnected = self.response_complete = False
        parser = protocol.parser
        self.keep_alive = parser.get_http_version() != "1.0" and parser.should_keep_alive()
        self.message_event = self
        self.protocol, self.predict, self.headers = protocol, predict, headers
        self.query, self.started = QUERIES[protocol.url], time.perf_counter()
        self.timer: asyncio.TimerHandle | None = None

    def set(self) -> None:
        """Answer once the body is complete."""
        if self.disconnected:
            self.refuse(GONE)
        elif self.more_body:
            self.protocol.flow.resume_reading()  # paused at 64 KB
        elif not self.response_complete:
            self._stop()
            request = self.body, self.headers, self.query, self.started
            # What else has arrived is parsed first, as uvicorn does.
            self.protocol.loop.call_soon(self.predict.answer, *request, self.reply)

    def refuse(self, error: RequestError) -> None:
        """Answer with an error, if it was not too late for that."""
        if self.more_body and not self.response_complete:
            self._stop()
            self.reply(self.predict.refuse(error, self.started))

    def _stop(self) -> None:
        if self.timer:
            self.timer.cancel()

    def reply(self, response: Response) -> None:
        """Write a response in one piece, with the bytes that uvicorn writes."""
        protocol, transport = self.protocol, self.protocol.transport
        if transport.is_closing():
            return
        status, headers, body = response
        parts = [STATUS_LINE[status]]
        for name, value in (*protocol.server_state.default_headers, *headers):
            parts += (name, b": ", value, b"\r\n")
        parts += (b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n", body)
        transport.write(b"".join(parts))
        self.response_complete = True
        if not self.keep_alive:
            transport.close()
        protocol.on_response_complete()
