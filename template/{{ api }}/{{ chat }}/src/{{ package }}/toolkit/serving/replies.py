"""What goes back, in OpenAI's shapes: whole answers, pieces of them, and refusals."""

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
    """Why a request gets no answer, or only the beginning of one: a status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        kind = TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
        self.content = {"error": {"message": sentence, "type": kind, "param": None, "code": None}}


@dataclass
class Answer:
    """An answer in the making: what is the same in all its pieces, and what is known so far."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))
    text: str = ""
    finish: str = "stop"
    usage: dict[str, int] = field(default_factory=dict)

    def whole(self) -> dict[str, Any]:
        """Return a `chat.completion`."""
        choice = {"index": 0, "message": {"role": "assistant", "content": self.text}}
        choices = [choice | {"logprobs": None, "finish_reason": self.finish}]
        return self._told("chat.completion") | {"choices": choices, "usage": self.usage}

    def piece(self, text: str) -> dict[str, Any]:
        """Return a `chat.completion.chunk` of text."""
        return self._chunk({"role": "assistant", "content": text}, None)

    def last(self, with_usage: bool) -> Iterator[dict[str, Any]]:
        """Yield what follows the text: why it ends, and if wanted how many tokens it took."""
        yield self._chunk({}, self.finish)
        if with_usage:
            yield self._told("chat.completion.chunk") | {"choices": [], "usage": self.usage}

    def _chunk(self, delta: dict[str, str], finish: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._told("chat.completion.chunk") | {"choices": [choice]}

    def _told(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}
