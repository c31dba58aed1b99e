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


class Message(TypedDict):
    """One turn; the role is a key of BEFORE."""

    role: str
    content: str


class BrokenError(ValueError):
    """Why something is not a conversation; never quotes it, since it may contain a secret."""


def listed(value: Any) -> list[Message]:
    """Return messages from a list or its JSON, without other keys and empty system messages."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise BrokenError("it is not valid JSON; write it with json.dumps") from None
    if not isinstance(value, list) or not value or not all(isinstance(m, dict) for m in value):
        raise BrokenError("it is not a list of messages, each with a role and content")
    return [_message(fields) for fields in value if not _is_empty_system(fields)]


def message(role: str, text: str) -> Message:
    """Return a message without control characters other than tabs and newlines."""
    content = cleaned(text)
    if not content.strip():
        raise BrokenError(f"a message of the {role} is empty")
    return {"role": role, "content": content}


def check_turns(chat: list[Message], answered: bool) -> None:
    """Raise BrokenError unless user and assistant alternate; `answered`: the assistant is last."""
    roles = ["", *(each["role"] for each in chat)]
    for before, role in pairwise(roles):
        if before not in BEFORE[role]:
            place = f"follows one of the {before}" if before else "comes first"
            raise BrokenError(f"a message of the {role} {place}; user and assistant must alternate")
    if answered and roles[-1] != "assistant":
        raise BrokenError("the last message is not the assistant's, so there is no answer")


def _is_empty_system(fields: dict[str, Any]) -> bool:
    return fields.get("role") == "system" and not str(fields.get("content") or "").strip()


def _message(fields: dict[str, Any]) -> Message:
    if not {"role", "content"} <= set(fields):
        keys = " and ".join(sorted(map(str, fields)))[:60] or "no key"
        raise BrokenError(f"a message has {keys} instead of role and content: rename them")
    role, content = fields["role"], fields["content"]
    if not isinstance(role, str) or role not in BEFORE:
        raise BrokenError(f"a role is {str(role)[:20]!r}: rename it to {ROLES}")
    if fields.get("tool_calls"):
        raise BrokenError(f"the {role} has tool_calls: only calls in the content are learned")
    if content is not None and not isinstance(content, str):
        raise BrokenError(f"the content of a message of the {role} is not text")
    return message(role, content or "")
