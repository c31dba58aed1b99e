"""Read the conversations of a table, and report rows that are none."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..runs import UserError
from ..settings.data import Data
from .forms import COLUMNS, values
from .messages import BrokenError, Message, check_turns, parsed, read, unread, weight

MESSAGES = re.compile(r'\s*\[\s*\{\s*"(role|content|from|value)"\s*:')  # as JSON
MAX_BROKEN = 0.1  # share of malformed rows above which a file is refused
MAX_REASONS = 3


@dataclass
class Conversations:
    """The conversations of a table.

    chats    (rows,) messages, the last being the answer if there is one; [] for a row without
    learned  (rows,) positions of the messages before the answer that are learned, too
    broken   why a row is not a conversation, by its number
    ignored  numbers of the rows whose answers all have weight 0
    cut      numbers of the rows with messages after the answer, which are left out
    unread   numbers of messages by the keys that are not read
    """

    chats: list[list[Message]] = field(default_factory=list)
    learned: list[list[int]] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)
    ignored: list[int] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)

    def notes(self, path: Path) -> list[str]:
        """Return what is left out; UserError if too many rows are malformed, or none is left."""
        found = [f"{self._malformed(path)}: they are left out."] * bool(self.broken)
        if len(self.broken) > MAX_BROKEN * len(self.chats):
            raise UserError(
                f"{self._malformed(path)}: fix or remove them, or set other columns in the `data` "
                "section."
            )
        if self.ignored and not any(self.chats):
            raise UserError(
                f"{path}: every answer has weight 0, so nothing can be learned: set `weight` to 1 "
                "in messages of the assistant, or remove it."
            )
        for rows, what in (
            (self.ignored, "have weight 0 in every answer: nothing of them is learned"),
            (self.cut, "go on after the last answer to learn: these messages are left out"),
        ):
            start = f"{len(rows):,} conversations of {path}, such as row"
            found += [f"{start} {rows[0]:,}, {what}."] if rows else []
        return [*found, *unread_note(self.unread, path)]

    def _malformed(self, path: Path) -> str:
        """Return the first row of each reason."""
        first = {reason: row for row, reason in reversed(self.broken.items())}
        rows = sorted((row, reason) for reason, row in first.items())[:MAX_REASONS]
        named = [f"row {row} is not a conversation ({reason})" for row, reason in rows]
        share = f"{len(self.broken):,} of {len(self.chats):,} rows are malformed"
        return f"{path}: {', '.join(named)}; {share}"


def unread_note(keys: Counter[str], path: Path) -> list[str]:
    """Return a note on the keys of messages that are not read."""
    named = ", ".join(f"{key!r} ({count:,} messages)" for key, count in keys.items())
    return [f"keys of messages of {path} that are not read: {named}."] if keys else []


def conversations(
    table: pa.Table, columns: Data, answered: bool = True, first: int = 0
) -> Conversations:
    """Return the conversations in the columns of forms.resolve, `first` rows being before them.

    If not `answered`, without their answers, which may be missing; a plain text is returned as it
    is, to be continued.
    """
    found = Conversations()
    keys = [key for key in COLUMNS if getattr(columns, key) and (answered or key != "answer")]
    cells = [values(table, getattr(columns, key)) for key in keys]
    for number, row in enumerate(zip(*cells, strict=True), start=first + 1):
        chat: list[Message] = []
        learned: list[int] = []
        try:
            fields = _fields(dict(zip(keys, row, strict=True)))
            if not answered and len(fields) > 1 and fields[-1].get("role") == "assistant":
                fields.pop()
            chat = [read(each) for each in fields]
            weights = [weight(each) if answered else None for each in fields]
            chat, learned = _checked(chat, weights, "text" in keys, answered)
            found.unread.update(key for each in fields for key in unread(each))
            found.ignored += [number] * (not chat)
            found.cut += [number] * (answered and 0 < len(chat) < len(fields))
        except BrokenError as error:
            chat = []
            found.broken[number] = str(error)
        found.chats.append(chat)
        found.learned.append(learned)
    return found


def _checked(
    chat: list[Message], weights: list[int | None], is_text: bool, answered: bool
) -> tuple[list[Message], list[int]]:
    """Return the messages up to the answer to learn, and the positions of others to learn.

    In a conversation with weights, OpenAI's, all messages of the assistant are learned whose weight
    is not 0; in others, the last one. It is [] if none is.
    """
    if is_text:
        return chat, []
    if not chat:
        raise BrokenError("its only message is an empty system message")
    check_turns(chat, answered)
    if not answered:
        if chat[-1]["role"] == "system":
            raise BrokenError("it has no message of the user")
        return chat, []
    places = [place for place, each in enumerate(chat) if each["role"] == "assistant"]
    if all(each is None for each in weights):
        places = places[-1:]
    learned = [place for place in places if weights[place] != 0]
    return (chat[: learned[-1] + 1], learned[:-1]) if learned else ([], [])


def _fields(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the keys of the messages of a row, whose cells are named as in the `data` section."""
    if "text" in row:
        return [{"role": "assistant", "content": _text(row["text"])}]
    if "messages" in row:
        fields = parsed(row["messages"])
    else:
        fields = [*_history(row.get("history")), *_prompt(row["prompt"], row.get("context"))]
        fields += _turns(row["answer"], "assistant") if "answer" in row else []
    system = _text(row.get("system"))
    if not system.strip():
        return fields
    if any(each.get("role") == "system" for each in fields):
        raise BrokenError("it has a system message in its messages and in data.system")
    return [{"role": "system", "content": system}, *fields]


def _prompt(cell: Any, context: Any) -> list[dict[str, Any]]:
    """Return a prompt with its context, separated by an empty line."""
    fields, text = _turns(cell, "user"), _text(context)
    if text.strip():
        if isinstance(cell, list) or len(fields) != 1:
            raise BrokenError("it has a context, but its prompt is not a text")
        start = fields[0]["content"]
        fields[0]["content"] = f"{start}\n\n{text}" if start.strip() else text
    return fields


def _history(cell: Any) -> list[dict[str, Any]]:
    """Return earlier turns: a list of pairs of a prompt and its answer, or of messages."""
    if isinstance(cell, str):
        cell = _json(cell) if cell.strip() else []
    cell = [] if cell is None else cell
    if isinstance(cell, list) and not all(
        isinstance(pair, list) and len(pair) == 2 for pair in cell
    ):
        return parsed(cell)
    if not isinstance(cell, list):
        raise BrokenError("its history is not a list of pairs of texts")
    roles = ("user", "assistant")
    return [
        {"role": role, "content": text}
        for pair in cell
        for role, text in zip(roles, pair, strict=True)
    ]


def _turns(cell: Any, role: str) -> list[dict[str, Any]]:
    """Return a cell as messages: the text of one by `role`, or a list of messages."""
    if isinstance(cell, list) or (isinstance(cell, str) and MESSAGES.match(cell)):
        return parsed(cell)
    return [{"role": role, "content": _text(cell)}]


def _json(cell: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell


def _text(cell: Any) -> str:
    if isinstance(cell, list | dict | bytes):
        raise BrokenError("a cell that has to be a text is a list, an object or bytes")
    return "" if cell is None else str(cell)
