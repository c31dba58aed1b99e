"""uvicorn's HTTP/1.1 protocol, which answers POST /predict without ASGI's messages and middleware.

Those cost more than the answer. Parsing, limits, pipelining, timers and shutdown are uvicorn's.
"""

import logging
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from .endpoint import PATH, Predict, Response

# What is used here without being documented.
USED = {
    HttpToolsProtocol.__init__: {"app", "app_state", "access_logger", "access_log"},
    RequestResponseCycle.__init__: {"default_headers", "keep_alive"},
    RequestResponseCycle.send: {"response_started", "chunked_encoding", "expected_content_length"},
}
for function, names in USED.items():
    if missing := sorted(names.difference(function.__code__.co_names)):
        raise ImportError(f"this release of uvicorn has no {missing[0]}")


class Protocol(HttpToolsProtocol):
    """A connection: predictions are answered by `predict` of the lifespan's state."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rest = self.app
        logs = self.access_log and self.access_logger.isEnabledFor(logging.INFO)
        if "predict" in self.app_state and not logs:
            self.predict: Predict = self.app_state["predict"]
            self.app = self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != PATH or scope["method"] != "POST":
            await self.rest(scope, receive, send)
            return
        cycle: RequestResponseCycle = send.__self__  # type: ignore[attr-defined]
        whole = _written(cycle, await self.predict(scope, receive))
        cycle.response_started, cycle.chunked_encoding = True, False
        cycle.expected_content_length = len(whole)
        await send({"type": "http.response.body", "body": whole})


def _written(cycle: RequestResponseCycle, response: Response) -> bytes:
    """Return a response as `RequestResponseCycle.send` writes it, in one piece."""
    status, headers, body = response
    parts = [STATUS_LINE[status]]
    for name, value in (*cycle.default_headers, *headers):
        parts += (name, b": ", value, b"\r\n")
    parts.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
    return b"".join((*parts, body))
