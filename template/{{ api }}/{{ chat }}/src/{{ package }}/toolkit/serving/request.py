"""The schema of a request: a conversation and sampling options, in OpenAI's format.

null, [] and {} are as if left out, wherever they stand, since clients send them for what they don't
use. A parameter that can't change an answer is ignored; any other that is not in the schema is
refused by its name, as OpenAI does.
"""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ..chats.messages import BrokenError, Message, check_turns, listed
from .replies import RequestError

Count = Annotated[int, Meta(ge=1)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Seed = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]

IGNORED = {  # hints, and notes for the provider
    "metadata",
    "parallel_tool_calls",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "user",
}
DONE_ANYWAY: dict[str, list[Any]] = {  # the values of other parameters that are accepted
    "function_call": ["none", "auto"],
    "logprobs": [False],
    "modalities": [["text"]],
    "n": [1],
    "reasoning_effort": ["none"],
    "response_format": [{"type": "text"}],
    "store": [False],
    "tool_choice": ["none", "auto"],
    "top_logprobs": [0],
    "verbosity": ["medium"],
}
NOTHING: tuple[Any, ...] = (None, [], {})
ALIASES = {"developer": "system"}


class Part(Struct, forbid_unknown_fields=True):
    """A part of a message; images and audio are not supported."""

    type: Literal["text"]
    text: str


class Turn(Struct, forbid_unknown_fields=True):
    """A message; the role is system (or developer), user, assistant or tool."""

    role: str
    content: str | list[Part] = ""
    name: str = ""  # accepted and ignored
    tool_call_id: str = ""  # accepted and ignored

    @property
    def text(self) -> str:
        """Return the content; parts are joined by line breaks."""
        parts = self.content
        return parts if isinstance(parts, str) else "\n".join(part.text for part in parts)


class StreamOptions(Struct, forbid_unknown_fields=True):
    """What a stream contains besides the answer."""

    include_usage: bool = False
    include_obfuscation: bool = False  # accepted and ignored


class ChatRequest(Struct, forbid_unknown_fields=True):
    """A conversation to answer, and how to decode the answer.

    At temperature 0, the default, decoding is greedy. Of `max_tokens` and `max_completion_tokens`,
    the smaller counts.
    """

    model: str
    messages: Annotated[list[Turn], Meta(min_length=1)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(gt=0, le=1)] | None = None
    seed: Seed | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None

    @property
    def with_usage(self) -> bool:
        """Return whether a stream should end with the token usage."""
        return self.stream_options is not None and self.stream_options.include_usage

    @property
    def stops(self) -> list[str]:
        """Return the texts that end the answer; an empty one ends nothing."""
        texts = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return [text for text in texts if text]

    @property
    def conversation(self) -> list[Message]:
        """Return the messages, cleaned like those of files; BrokenError if they are invalid.

        Adjacent ones of a role are joined. Answers may be empty: the model gave them.
        """
        chat = list[Message]()
        for turn in _joined(self.messages):
            is_empty_answer = turn["role"] == "assistant" and not turn["content"]
            chat += [turn] if is_empty_answer else listed([turn])
        check_turns(chat, answered=False)
        if not chat or chat[-1]["role"] in ("system", "assistant"):
            raise BrokenError(
                "the last message is not from the user, so there is nothing to answer"
            )
        return chat


def parse(body: bytes | bytearray) -> ChatRequest:
    """Return a request; RequestError or a msgspec error if it is invalid."""
    fields = _without_nothing(msgspec.json.decode(body))
    if isinstance(fields, dict):
        fields = {name: value for name, value in fields.items() if _is_asked(name, value)}
    return msgspec.convert(fields, ChatRequest)


def json_schema() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the schema of what `parse` accepts, and the schemas that it refers to, by name."""
    (request,), schemas = msgspec.json.schema_components(
        [ChatRequest], ref_template="#/components/schemas/{name}"
    )
    nothing = {"enum": [*NOTHING]}
    for schema in schemas.values():
        for name, each in schema["properties"].items():
            if name not in schema["required"]:
                schema["properties"][name] = {"anyOf": [each, nothing]}
        schema["additionalProperties"] = nothing
    own = schemas["ChatRequest"]["properties"]
    own |= {name: {"description": "Ignored."} for name in sorted(IGNORED)}
    own |= {name: {"enum": [*values, *NOTHING]} for name, values in DONE_ANYWAY.items()}
    return request, schemas


def _without_nothing(value: Any) -> Any:
    """Return a JSON value without null, [] and {} in its objects."""
    if isinstance(value, list):
        return [_without_nothing(each) for each in value]
    if isinstance(value, dict):
        asked = {name: each for name, each in value.items() if each not in NOTHING}
        return {name: _without_nothing(each) for name, each in asked.items()}
    return value


def _is_asked(name: str, value: Any) -> bool:
    """Return whether a parameter counts; RequestError if it is not supported."""
    if name in ChatRequest.__struct_fields__:
        return True
    accepted = DONE_ANYWAY.get(name, [])
    kind = isinstance(value, bool)  # true equals 1 in Python
    if name in IGNORED or any(
        value == each and kind == isinstance(each, bool) for each in accepted
    ):
        return False
    if accepted:
        reason = f"{name}: only {' or '.join(map(json.dumps, accepted))} is supported."
        raise RequestError(400, reason, name, "unsupported_value")
    reason = f"{name[:60]}: there is no such parameter here; leave it out."
    raise RequestError(400, reason, name[:60], "unsupported_parameter")


def _joined(turns: list[Turn]) -> Iterator[Message]:
    """Yield messages; adjacent ones of a role become one, with a blank line between them.

    Results of tools stay apart, as in training.
    """
    pairs = [(ALIASES.get(turn.role, turn.role), turn.text) for turn in turns]
    for role, group in groupby(pairs, key=lambda pair: pair[0]):
        texts = [text for _, text in group]
        whole = "\n\n".join(text for text in texts if text.strip())
        for content in texts if role == "tool" else [whole]:
            yield {"role": role, "content": content}
