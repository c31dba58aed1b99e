"""Ask the engine for an answer, and hand it on as it comes."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx2
import msgspec
from msgspec import Struct

from ..engines.engine import Engine
from .replies import Answer, RequestError

PATH = "/v1/chat/completions"
CONNECT = 5  # seconds; how long an answer may take is watched by those who ask
END = "[DONE]"


class Delta(Struct):
    """The next piece of an answer."""

    content: str | None = None


class Choice(Struct):
    """One answer; there is only one."""

    delta: Delta
    finish_reason: str | None = None


class Chunk(Struct):
    """What an event of the stream tells; the last one may tell of tokens alone."""

    choices: list[Choice]
    usage: dict[str, Any] | None = None


decode = msgspec.json.Decoder(Chunk).decode


class Upstream:
    """A client of one engine; when nobody reads an answer any more, the engine stops writing it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.client = httpx2.AsyncClient(
            base_url=engine.address,
            headers=engine.headers,
            timeout=httpx2.Timeout(None, connect=CONNECT),
            # llama.cpp ends a connection after a stream: one that was kept may be gone by its next
            # use, and on a busy machine the next request learns that too late.
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
            trust_env=False,  # a proxy is for the world outside
        )

    async def answer(self, words: dict[str, Any], answer: Answer) -> AsyncGenerator[str]:
        """Yield the text in pieces and note it in `answer`, without spaces at either end.

        RequestError if the engine refuses, breaks off, or is not there.
        """
        told = {"model": self.engine.model, "stream": True} | words
        told["stream_options"] = {"include_usage": True}
        event = held = ""  # spaces that belong to the answer if more follows are held
        try:
            async with aclosing(self._events(told)) as events:
                async for event in events:
                    text = held + (_noted(decode(event), answer) if event != END else "")
                    text = text if answer.text else text.lstrip()
                    piece = text.rstrip()
                    held = text[len(piece) :]
                    answer.text += piece
                    yield piece
        except (httpx2.TransportError, msgspec.DecodeError):
            event = ""
        if event != END:
            raise RequestError(502, "The engine does not answer, or broke off: try again later.")

    async def _events(self, told: dict[str, Any]) -> AsyncGenerator[str]:
        async with self.client.stream("POST", PATH, json=told) as response:
            if response.status_code != 200:
                raise _refused(response.status_code, await response.aread())
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield line.removeprefix("data: ")

    async def ready(self) -> bool:
        """Say if the engine answers."""
        try:
            return (await self.client.get("/v1/models", timeout=CONNECT)).status_code == 200
        except httpx2.TransportError:
            return False


def _noted(chunk: Chunk, answer: Answer) -> str:
    """Return the text of a chunk, and note what else it tells."""
    answer.usage = chunk.usage or answer.usage
    for choice in chunk.choices:
        answer.finish = choice.finish_reason or answer.finish
    return "".join(choice.delta.content or "" for choice in chunk.choices)


def _refused(status: int, body: bytes) -> RequestError:
    """Tell a client's mistake, such as a conversation that is too long, from an engine's."""
    try:
        sentence = str(msgspec.json.decode(body)["error"]["message"])[:300]
    except (msgspec.DecodeError, LookupError, TypeError):
        sentence = "no reason given"
    if status in (400, 413, 422):
        return RequestError(422, f"The engine refuses this: {sentence}.")
    if status in (429, 503):
        return RequestError(503, "The engine is busy: try again.")
    return RequestError(502, f"The engine fails with {status}: try again later.")
