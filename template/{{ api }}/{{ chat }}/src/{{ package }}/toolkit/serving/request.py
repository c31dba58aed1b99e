"""The schema of a request: a conversation and sampling options, in OpenAI's format."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ..chats.messages import BrokenError, Message, check_turns, listed

Count = Annotated[int, Meta(ge=1)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]


class Part(Struct, forbid_unknown_fields=True):
    """A part of a message; images and audio are not supported."""

    type: Literal["text"]
    text: str


class Turn(Struct, forbid_unknown_fields=True):
    """A message; the role is system, user, assistant or tool."""

    role: str
    content: str | list[Part]

    @property
    def text(self) -> str:
        """Return the content; parts are joined by line breaks."""
        parts = self.content
        return parts if isinstance(parts, str) else "\n".join(part.text for part in parts)


class StreamOptions(Struct, forbid_unknown_fields=True):
    """What a stream contains besides the answer."""

    include_usage: bool = False


class ChatRequest(Struct, forbid_unknown_fields=True):
    """A conversation to answer, and how to decode the answer.

    At temperature 0, the default, decoding is greedy.
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
    user: str | None = None  # accepted and ignored

    @property
    def with_usage(self) -> bool:
        """Return whether a stream should end with the token usage."""
        return self.stream_options is not None and self.stream_options.include_usage

    @property
    def conversation(self) -> list[Message]:
        """Return the messages, cleaned like those of files; BrokenError if they are invalid."""
        chat = listed([{"role": turn.role, "content": turn.text} for turn in self.messages])
        check_turns(chat, answered=False)
        if not chat or chat[-1]["role"] in ("system", "assistant"):
            raise BrokenError(
                "the last message is not from the user, so there is nothing to answer"
            )
        return chat
