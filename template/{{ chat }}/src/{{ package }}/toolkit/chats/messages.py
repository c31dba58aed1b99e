"""Messages of a conversation, and the order of their roles. Needs the standard library alone."""

import json
from itertools import pairwise
from typing import Any, TypedDict

from ..texts.words import cleaned

BEFORE = {  # the roles that may precede a role; "" is the start
    "system": ("",),
    "user": ("", "system", "assistant"),
    "assistant": ("user", "tool"),
    "tool": ("assistant", "tool"),
}
ROLES = "system, user, assistant or tool"
OTHER_ROLES = {  # of ShareGPT and OpenAI
    **{"human": "user", "gpt": "assistant", "function_call": "assistant", "observation": "tool"},
    **{"developer": "system", "function": "tool"},
}
PARTS = ("text", "input_text", "output_text")  # types of the parts of a content
READ = {"role", "content", "tool_calls", "function_call", "tool_call_id"}  # keys of a message


class Message(TypedDict):
    """One turn; the role is a key of BEFORE."""

    role: str
    content: str


class BrokenError(ValueError):
    """Why something is not a conversation; never quotes it, since it may contain a secret."""


def listed(value: Any) -> list[Message]:
    """Return messages from a list or its JSON, without other keys and empty system messages."""
    return [read(fields) for fields in parsed(value)]


def parsed(value: Any) -> list[dict[str, Any]]:
    """Return the keys of each message of a list or its JSON, without empty system messages.

    `from` and `value`, as in ShareGPT's files, become `role` and `content`.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise BrokenError("it is not valid JSON; write it with json.dumps") from None
    if not isinstance(value, list) or not value or not all(isinstance(m, dict) for m in value):
        raise BrokenError("it is not a list of messages, each with a role and content")
    named = [_named(fields) for fields in value]
    return [fields for fields in named if not _is_empty_system(fields)]


def message(role: str, text: str) -> Message:
    """Return a message without control characters other than tabs and newlines."""
    content = cleaned(text)
    if not content.strip():
        raise BrokenError(f"a message of the {role} is empty")
    return {"role": role, "content": content}


def read(fields: dict[str, Any]) -> Message:
    """Return the message with the keys of `parsed`; a call of a tool becomes its JSON."""
    if fields.get("role") is None or ("content" not in fields and not _calls(fields)):
        keys = " and ".join(sorted(map(str, fields)))[:60] or "no key"
        raise BrokenError(f"a message has {keys} instead of role and content: rename them")
    role = fields["role"]
    if not isinstance(role, str) or role not in BEFORE:
        raise BrokenError(f"a role is {str(role)[:20]!r}: rename it to {ROLES}")
    content = _content(fields.get("content"), role)
    if calls := _calls(fields):
        content = _call(calls, role, content)
    return message(role, content)


def weight(fields: dict[str, Any]) -> int | None:
    """Return whether a message of the assistant is learned: 0 or 1, None if not specified."""
    value = fields.get("weight")
    if value is None or fields["role"] != "assistant":
        return None
    if isinstance(value, bool) or value not in (0, 1):
        raise BrokenError(f"a weight is {value!r:.20}: only 0 and 1 are possible, as numbers")
    return int(value)


def unread(fields: dict[str, Any]) -> list[str]:
    """Return the keys of a message that have a value and are not read."""
    known = READ | {"weight"} if fields["role"] == "assistant" else READ
    return [key for key in fields if key not in known and fields[key] not in (None, "", [], {})]


def check_turns(chat: list[Message], answered: bool) -> None:
    """Raise BrokenError unless user and assistant alternate, with an answer if `answered`."""
    roles = ["", *(each["role"] for each in chat)]
    for before, role in pairwise(roles):
        if before not in BEFORE[role]:
            place = f"follows one of the {before}" if before else "comes first"
            raise BrokenError(f"a message of the {role} {place}; user and assistant must alternate")
    if answered and "assistant" not in roles:
        raise BrokenError("it has no message of the assistant, so there is no answer")


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    """Return a message whose keys and role are OpenAI's."""
    fields = dict(fields)
    for name, other in (("role", "from"), ("content", "value")):
        if fields.get(name) is None and other in fields:
            fields[name] = fields.pop(other)
    role = fields.get("role")
    if isinstance(role, str) and role in OTHER_ROLES:
        fields["role"] = OTHER_ROLES[role]
    return fields


def _is_empty_system(fields: dict[str, Any]) -> bool:
    return fields.get("role") == "system" and not str(fields.get("content") or "").strip()


def _content(value: Any, role: str) -> str:
    """Return a content as text; parts are joined by line breaks."""
    if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        kinds = {str(part.get("type")) for part in value}
        if others := sorted(kinds - {*PARTS}):
            raise BrokenError(f"a part of a message of the {role} is {others[0][:20]}, not text")
        value = "\n".join(_content(part.get("text"), role) for part in value)
    if isinstance(value, int | float):
        return json.dumps(value)
    if value is not None and not isinstance(value, str):
        raise BrokenError(f"the content of a message of the {role} is not text")
    return value or ""


def _calls(fields: dict[str, Any]) -> Any:
    """Return the calls of tools in a message, in OpenAI's format or its older one."""
    call = fields.get("function_call")
    return fields.get("tool_calls") or ([{"function": call}] if call else [])


def _call(calls: Any, role: str, content: str) -> str:
    """Return the only call of a message as JSON, as the instructions of tools.py demand."""
    if role != "assistant" or content.strip():
        raise BrokenError(f"the {role} has tool_calls and text: a call has to stand alone")
    if not isinstance(calls, list) or len(calls) != 1:
        raise BrokenError(
            "the assistant calls several tools at once: only single calls are learned"
        )
    try:
        function = calls[0]["function"]
        name, arguments = function["name"], function["arguments"]
        arguments = json.loads(arguments) if isinstance(arguments, str) else arguments
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BrokenError("a call of a tool has no name, or no arguments in JSON") from None
    return json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
