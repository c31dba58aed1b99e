"""Stream answers from the engine."""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx2
import msgspec
from msgspec import Struct

from ..engines.engine import Engine
from .replies import Answer, RequestError

PATH = "/v1/chat/completions"
CONNECT = 5  # seconds; callers limit the time of an answer
END = "[DONE]"
TOO_LONG = re.compile("context (size|length)")  # in the messages of llama.cpp and vLLM


class Delta(Struct):
    """The next piece of text."""

    content: str | None = None


class Choice(Struct):
    """The answer; there is only one."""

    delta: Delta
    finish_reason: str | None = None


class Chunk(Struct):
    """An event of the stream; the last one may contain only the usage."""

    choices: list[Choice]
    usage: dict[str, Any] | None = None


decode = msgspec.json.Decoder(Chunk).decode


class Upstream:
    """A client of one engine, which stops generating when an answer is no longer read."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.client = httpx2.AsyncClient(
            base_url=engine.address,
            headers=engine.headers,
            timeout=httpx2.Timeout(None, connect=CONNECT),
            # llama.cpp closes a connection after a stream: a kept one may be closed by its next
            # use, which the next request can notice too late on a busy machine.
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
            trust_env=False,  # no proxy for the engine
        )

    async def answer(self, options: dict[str, Any], answer: Answer) -> AsyncGenerator[str]:
        """Yield the text in pieces and collect it in `answer`, without whitespace at either end.

        RequestError if the engine rejects the request, stops early, or is unreachable.
        """
        body = {"model": self.engine.model, "stream": True} | options
        body["stream_options"] = {"include_usage": True}
        event = pending = ""  # whitespace is pending until more text follows
        try:
            async with aclosing(self._events(body)) as events:
                async for event in events:
                    text = pending + (_record(decode(event), answer) if event != END else "")
                    text = text if answer.text else text.lstrip()
                    piece = text.rstrip()
                    pending = text[len(piece) :]
                    answer.text += piece
                    yield piece
        except (httpx2.TransportError, msgspec.DecodeError):
            event = ""
        if event != END:
            raise RequestError(
                502, "The engine does not respond, or stopped early: try again later."
            )

    async def _events(self, body: dict[str, Any]) -> AsyncGenerator[str]:
        async with self.client.stream("POST", PATH, json=body) as response:
            if response.status_code != 200:
                raise _error(response.status_code, await response.aread())
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield line.removeprefix("data: ")

    async def ready(self) -> bool:
        """Return whether the engine responds."""
        try:
            return (await self.client.get("/v1/models", timeout=CONNECT)).status_code == 200
        except httpx2.TransportError:
            return False


def _record(chunk: Chunk, answer: Answer) -> str:
    """Return the text of a chunk, and record its usage and finish reason."""
    answer.usage = chunk.usage or answer.usage
    for choice in chunk.choices:
        answer.finish = choice.finish_reason or answer.finish
    return "".join(choice.delta.content or "" for choice in chunk.choices)


def _error(status: int, body: bytes) -> RequestError:
    """Return a client error, such as a conversation that is too long, or an engine's failure."""
    try:
        reason = str(msgspec.json.decode(body)["error"]["message"])[:300]
    except (msgspec.DecodeError, LookupError, TypeError):
        reason = "no reason given"
    if status in (400, 413, 422):
        code = "context_length_exceeded" if TOO_LONG.search(reason) else None
        return RequestError(400, f"The engine rejects this: {reason}.", "messages", code)
    if status in (429, 503):
        return RequestError(503, "The engine is busy: try again.")
    return RequestError(502, f"The engine failed with status {status}: try again later.")
