"""Decode and validate requests, and translate them for the engine."""

import re
from typing import Any

import msgspec

from ..chats.messages import BrokenError, Message
from ..chats.properties import properties
from ..export.contract import Contract, described
from ..settings.serve import Serve
from ..texts.measures import sets
from .replies import RequestError
from .request import ChatRequest, parse

LENGTHS = ("max_tokens", "max_completion_tokens")
SAMPLING = ("temperature", "top_p", "seed", "frequency_penalty", "presence_penalty")
PLACE = re.compile(r"`\$\.([^`]+)`$")  # of a fault, at the end of msgspec's messages


class Payload:
    """The decoder of requests."""

    def __init__(self, contract: Contract, settings: Serve) -> None:
        columns = described(contract)
        self.vocabulary = sets(next(each["words"] for each in columns if "words" in each))
        self.model, self.max_tokens = contract["project"], contract["tokens"]["new_tokens"]
        self.settings = settings

    def decode(self, body: bytes | bytearray) -> tuple[ChatRequest, list[Message]]:
        """Return a request and its conversation; RequestError if it is invalid."""
        try:
            request = parse(body)
            chat = request.conversation
        except msgspec.ValidationError as error:
            place = PLACE.search(str(error))
            raise RequestError(400, f"{error}.", place and place[1]) from None
        except BrokenError as error:
            raise RequestError(400, f"messages: {error}.", "messages") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RequestError(400, f"The body is not JSON: {error}.") from None
        self._check(request)
        return request, chat

    def _check(self, request: ChatRequest) -> None:
        self.check_model(request.model)
        sizes, settings = [len(turn.text) for turn in request.messages], self.settings
        if len(sizes) > settings.max_messages or sum(sizes) > settings.max_characters:
            limit = f"{settings.max_messages} messages and {settings.max_characters:,} characters"
            reason = f"The conversation is too long: at most {limit} are allowed."
            raise RequestError(413, reason, "messages")

    def check_model(self, name: str) -> None:
        """Raise RequestError unless this is the model's name."""
        if name != self.model:
            reason = f"There is no model {name[:60]!r}, only {self.model!r}."
            raise RequestError(404, reason, "model", "model_not_found")

    def engine_options(self, request: ChatRequest) -> dict[str, Any]:
        """Return the engine's options besides model and messages.

        Clients ask for thousands of tokens by default: an answer is cut at the contract's limit.
        """
        lengths = [
            self.max_tokens,
            *(getattr(request, name) or self.max_tokens for name in LENGTHS),
        ]
        options = {name: getattr(request, name) for name in SAMPLING} | {"stop": request.stops}
        given = {name: value for name, value in options.items() if value not in (None, [])}
        return {"temperature": 0, "max_tokens": min(lengths)} | given

    def as_written(self, row: list[Message]) -> dict[str, float]:
        """Return the properties of a conversation for the log, without its text."""
        return properties(row, self.vocabulary)
