"""What a conversation is: messages that take turns. The standard library alone."""

import json
from itertools import pairwise
from typing import Any, TypedDict

from ..texts.words import cleaned

BEFORE = {  # what may stand before a message of a role; "" is the start
    "system": ("",),
    "user": ("", "system", "assistant"),
    "assistant": ("user", "tool"),
    "tool": ("assistant", "tool"),
}
ROLES = "system, user, assistant or tool"


class Message(TypedDict):
    """One turn; the role is a key of BEFORE."""

    role: str
    content: str


class BrokenError(ValueError):
    """Why something is no conversation, without quoting it: it may hold a secret."""


def listed(value: Any) -> list[Message]:
    """Return a list of messages, or one that is written as JSON, without other keys."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise BrokenError("it is not written as JSON; json.dumps does that") from None
    if not isinstance(value, list) or not value or not all(isinstance(m, dict) for m in value):
        raise BrokenError("it is no list of messages, each with a role and a content")
    return [_message(told) for told in value if not _nothing(told)]


def message(role: str, text: str) -> Message:
    """Return a message without control characters (but tabs and line ends)."""
    content = cleaned(text)
    if not content.strip():
        raise BrokenError(f"the {role} says nothing")
    return {"role": role, "content": content}


def check_turns(chat: list[Message], answered: bool) -> None:
    """Raise BrokenError where user and assistant do not take turns; `answered`: to the end."""
    roles = ["", *(each["role"] for each in chat)]
    for before, role in pairwise(roles):
        if before not in BEFORE[role]:
            place = f"follows one of the {before}" if before else "comes first"
            raise BrokenError(f"a message of the {role} {place}; user and assistant take turns")
    if answered and roles[-1] != "assistant":
        raise BrokenError("the last message is not the assistant's, so there is no answer")


def _nothing(told: dict[str, Any]) -> bool:
    return told.get("role") == "system" and not str(told.get("content") or "").strip()


def _message(told: dict[str, Any]) -> Message:
    if not {"role", "content"} <= set(told):
        keys = " and ".join(sorted(map(str, told)))[:60] or "no key"
        raise BrokenError(f"a message has {keys} for role and content: rename them")
    role, content = told["role"], told["content"]
    if not isinstance(role, str) or role not in BEFORE:
        raise BrokenError(f"a role is {str(role)[:20]!r}: rename it to {ROLES}")
    if told.get("tool_calls"):
        raise BrokenError(f"the {role} calls a tool: only calls written in the content are learnt")
    if content is not None and not isinstance(content, str):
        raise BrokenError(f"the content of a message of the {role} is no text")
    return message(role, content or "")
