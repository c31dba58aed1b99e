"""What a request may hold: a conversation, and how to answer it, in OpenAI's words."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ..chats.messages import BrokenError, Message, check_turns, listed
from ..chats.traits import properties
from ..formats.contract import Contract, described
from ..settings.serve import Serve
from ..texts.measures import sets
from .replies import RequestError

DRAWN = ("temperature", "top_p", "seed", "stop", "frequency_penalty", "presence_penalty")
Count = Annotated[int, Meta(ge=1)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]


class Turn(Struct, forbid_unknown_fields=True):
    """A message; the role is system, user, assistant or tool."""

    role: str
    content: str


class StreamOptions(Struct, forbid_unknown_fields=True):
    """What a stream tells besides the answer."""

    include_usage: bool = False


class Asked(Struct, forbid_unknown_fields=True):
    """A conversation that ends before an answer, and how that is to be found.

    At temperature 0, the default, it is the likeliest one, token by token.
    """

    model: str
    messages: Annotated[list[Turn], Meta(min_length=1)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(gt=0, le=1)] | None = None
    seed: int | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    n: Literal[1] = 1
    user: str | None = None  # taken and left aside

    @property
    def with_usage(self) -> bool:
        """Say if a stream is to tell how many tokens it took."""
        return self.stream_options is not None and self.stream_options.include_usage

    @property
    def conversation(self) -> list[Message]:
        """Return the messages, cleaned as those of files are; BrokenError if they are none."""
        chat = listed([{"role": turn.role, "content": turn.content} for turn in self.messages])
        check_turns(chat, answered=False)
        if not chat or chat[-1]["role"] in ("system", "assistant"):
            raise BrokenError("the last message is not the user's, so there is nothing to answer")
        return chat


class Payload:
    """The decoder of requests."""

    def __init__(self, contract: Contract, settings: Serve) -> None:
        self.decoder = msgspec.json.Decoder(Asked)
        self.known = sets(next(told["words"] for told in described(contract) if "words" in told))
        self.model, self.most = contract["project"], contract["tokens"]["new_tokens"]
        self.settings = settings

    def decode(self, body: bytes | bytearray) -> tuple[Asked, list[Message]]:
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

    def _check(self, asked: Asked) -> None:
        if asked.model != self.model:
            told = f"The model {asked.model[:60]!r} is not here; {self.model!r} is."
            raise RequestError(404, told)
        sizes, settings = [len(turn.content) for turn in asked.messages], self.settings
        if len(sizes) > settings.max_messages or sum(sizes) > settings.max_characters:
            told = f"{settings.max_messages} messages and {settings.max_characters:,} characters"
            raise RequestError(413, f"The conversation is too long: at most {told} are read.")
        if (wanted := self.length(asked)) > self.most:
            told = f"max_tokens is {wanted}, but answers have at most {self.most}."
            raise RequestError(422, told)

    def length(self, asked: Asked) -> int:
        """Return how many tokens the answer may have."""
        return asked.max_completion_tokens or asked.max_tokens or self.most

    def forwarded(self, asked: Asked) -> dict[str, Any]:
        """Return what the engine is told besides model and messages."""
        given = {name: getattr(asked, name) for name in DRAWN}
        told = {name: value for name, value in given.items() if value is not None}
        return {"temperature": 0, "max_tokens": self.length(asked)} | told

    def as_written(self, row: list[Message]) -> dict[str, float]:
        """Return what the log keeps of a conversation: its properties, not its words."""
        return properties(row, self.known)
