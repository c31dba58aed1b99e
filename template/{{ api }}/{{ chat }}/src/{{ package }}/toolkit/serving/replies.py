"""Responses in OpenAI's format: completions, their chunks, and errors."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

TYPES = {401: "authentication_error", 404: "not_found_error", 503: "overloaded_error"}
HEADERS = {
    401: ((b"www-authenticate", b"Bearer"),),
    405: ((b"allow", b"POST"),),
    503: ((b"retry-after", b"1"),),
}


class RequestError(Exception):
    """A request that can't be answered, or not to the end: a status and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        kind = TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
        self.content = {"error": {"message": message, "type": kind, "param": None, "code": None}}


@dataclass
class Answer:
    """An answer being generated: the fields that all its chunks share, and its text so far."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))
    text: str = ""
    finish: str = "stop"
    usage: dict[str, int] = field(default_factory=dict)

    def completion(self) -> dict[str, Any]:
        """Return a `chat.completion`."""
        choice = {"index": 0, "message": {"role": "assistant", "content": self.text}}
        choices = [choice | {"logprobs": None, "finish_reason": self.finish}]
        return self._fields("chat.completion") | {"choices": choices, "usage": self.usage}

    def chunk(self, text: str) -> dict[str, Any]:
        """Return a `chat.completion.chunk` with text."""
        return self._chunk({"role": "assistant", "content": text}, None)

    def final_chunks(self, with_usage: bool) -> Iterator[dict[str, Any]]:
        """Yield the chunks after the text: the finish reason and, if requested, the usage."""
        yield self._chunk({}, self.finish)
        if with_usage:
            yield self._fields("chat.completion.chunk") | {"choices": [], "usage": self.usage}

    def _chunk(self, delta: dict[str, str], finish: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._fields("chat.completion.chunk") | {"choices": [choice]}

    def _fields(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}
