"""What a request may hold: decoded, checked, and told to the engine in its words."""

from typing import Any

import msgspec

from ..chats.messages import BrokenError, Message
from ..chats.properties import properties
from ..export.contract import Contract, described
from ..settings.serve import Serve
from ..texts.measures import sets
from .replies import RequestError
from .request import ChatRequest

DRAWN = ("temperature", "top_p", "seed", "stop", "frequency_penalty", "presence_penalty")


class Payload:
    """The decoder of requests."""

    def __init__(self, contract: Contract, settings: Serve) -> None:
        self.decoder = msgspec.json.Decoder(ChatRequest)
        self.known = sets(next(told["words"] for told in described(contract) if "words" in told))
        self.model, self.most = contract["project"], contract["tokens"]["new_tokens"]
        self.settings = settings

    def decode(self, body: bytes | bytearray) -> tuple[ChatRequest, list[Message]]:
        """Return a request and its conversation; RequestError says what is wrong with it."""
        try:
            asked = self.decoder.decode(body)
            chat = asked.conversation
        except msgspec.ValidationError as error:
            raise RequestError(422, f"{error}.") from None
        except BrokenError as error:
            raise RequestError(422, f"messages: {error}.") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RequestError(400, f"The body is not JSON: {error}.") from None
        self._check(asked)
        return asked, chat

    def _check(self, asked: ChatRequest) -> None:
        if asked.model != self.model:
            told = f"The model {asked.model[:60]!r} is not here; {self.model!r} is."
            raise RequestError(404, told)
        sizes, settings = [len(turn.text) for turn in asked.messages], self.settings
        if len(sizes) > settings.max_messages or sum(sizes) > settings.max_characters:
            told = f"{settings.max_messages} messages and {settings.max_characters:,} characters"
            raise RequestError(413, f"The conversation is too long: at most {told} are read.")
        if (wanted := self.length(asked)) > self.most:
            told = f"max_tokens is {wanted}, but answers have at most {self.most}."
            raise RequestError(422, told)

    def length(self, asked: ChatRequest) -> int:
        """Return how many tokens the answer may have."""
        return asked.max_completion_tokens or asked.max_tokens or self.most

    def forwarded(self, asked: ChatRequest) -> dict[str, Any]:
        """Return what the engine is told besides model and messages."""
        given = {name: getattr(asked, name) for name in DRAWN}
        told = {name: value for name, value in given.items() if value is not None}
        return {"temperature": 0, "max_tokens": self.length(asked)} | told

    def as_written(self, row: list[Message]) -> dict[str, float]:
        """Return what the log keeps of a conversation: its properties, not its words."""
        return properties(row, self.known)
