"""Decode and validate requests, and translate them for the engine."""

from typing import Any

import msgspec

from ..chats.messages import BrokenError, Message
from ..chats.properties import properties
from ..export.contract import Contract, described
from ..settings.serve import Serve
from ..texts.measures import sets
from .replies import RequestError
from .request import ChatRequest

SAMPLING = ("temperature", "top_p", "seed", "stop", "frequency_penalty", "presence_penalty")


class Payload:
    """The decoder of requests."""

    def __init__(self, contract: Contract, settings: Serve) -> None:
        self.decoder = msgspec.json.Decoder(ChatRequest)
        columns = described(contract)
        self.vocabulary = sets(next(each["words"] for each in columns if "words" in each))
        self.model, self.max_tokens = contract["project"], contract["tokens"]["new_tokens"]
        self.settings = settings

    def decode(self, body: bytes | bytearray) -> tuple[ChatRequest, list[Message]]:
        """Return a request and its conversation; RequestError if it is invalid."""
        try:
            request = self.decoder.decode(body)
            chat = request.conversation
        except msgspec.ValidationError as error:
            raise RequestError(422, f"{error}.") from None
        except BrokenError as error:
            raise RequestError(422, f"messages: {error}.") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RequestError(400, f"The body is not JSON: {error}.") from None
        self._check(request)
        return request, chat

    def _check(self, request: ChatRequest) -> None:
        if request.model != self.model:
            reason = f"There is no model {request.model[:60]!r}, only {self.model!r}."
            raise RequestError(404, reason)
        sizes, settings = [len(turn.text) for turn in request.messages], self.settings
        if len(sizes) > settings.max_messages or sum(sizes) > settings.max_characters:
            limit = f"{settings.max_messages} messages and {settings.max_characters:,} characters"
            raise RequestError(413, f"The conversation is too long: at most {limit} are allowed.")
        if (tokens := self.answer_tokens(request)) > self.max_tokens:
            reason = f"max_tokens is {tokens}, but answers have at most {self.max_tokens}."
            raise RequestError(422, reason)

    def answer_tokens(self, request: ChatRequest) -> int:
        """Return the maximum number of tokens of the answer."""
        return request.max_completion_tokens or request.max_tokens or self.max_tokens

    def engine_options(self, request: ChatRequest) -> dict[str, Any]:
        """Return the engine's options besides model and messages."""
        options = {name: getattr(request, name) for name in SAMPLING}
        given = {name: value for name, value in options.items() if value is not None}
        return {"temperature": 0, "max_tokens": self.answer_tokens(request)} | given

    def as_written(self, row: list[Message]) -> dict[str, float]:
        """Return the properties of a conversation for the log, without its text."""
        return properties(row, self.vocabulary)
