"""Responses in OpenAI's format: completions, their chunks, and errors."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

HEADERS = {
    401: ((b"www-authenticate", b"Bearer"),),
    405: ((b"allow", b"POST"),),
    503: ((b"retry-after", b"1"),),
}


class RequestError(Exception):
    """A request that can't be answered, or not to the end, in OpenAI's format.

    `param` is the parameter that is wrong, and `code` the name of the fault, if OpenAI has one.
    """

    def __init__(
        self, status: int, message: str, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        kind = "invalid_request_error" if status < 500 else "server_error"
        self.content = {"error": {"message": message, "type": kind, "param": param, "code": code}}


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
        message = {"role": "assistant", "content": self.text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None}
        choices = [choice | {"finish_reason": self.finish}]
        return self._fields("chat.completion") | {"choices": choices, "usage": self.usage}

    def first_chunk(self) -> dict[str, Any]:
        """Return the `chat.completion.chunk` with the role, which comes before the text."""
        return self._chunk({"role": "assistant", "content": "", "refusal": None}, None)

    def chunk(self, text: str) -> dict[str, Any]:
        """Return a `chat.completion.chunk` with text."""
        return self._chunk({"content": text}, None)

    def final_chunks(self, with_usage: bool) -> Iterator[dict[str, Any]]:
        """Yield the chunks after the text: the finish reason and, if requested, the usage."""
        yield self._chunk({}, self.finish)
        if with_usage:
            yield self._fields("chat.completion.chunk") | {"choices": [], "usage": self.usage}

    def _chunk(self, delta: dict[str, str | None], finish: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._fields("chat.completion.chunk") | {"choices": [choice], "usage": None}

    def _fields(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}
