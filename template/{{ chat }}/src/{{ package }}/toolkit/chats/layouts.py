"""Read the conversations of a table from its three layouts, and report malformed rows."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..runs import UserError
from ..settings.data import Data
from .messages import BrokenError, Message, check_turns, listed, message

MESSAGES = re.compile(r'\s*\[\s*\{\s*"(role|content)"\s*:')  # as JSON
MAX_BROKEN = 0.1  # share of malformed rows above which a file is refused


def conversations(
    raw: pd.DataFrame, settings: Data, path: Path
) -> tuple[list[list[Message]], list[str]]:
    """Return the messages of each row, the last being the answer, and a note on malformed rows.

    Malformed rows are [], to be left out. UserError if there are too many.
    """
    chats, broken = _read(raw, settings, answered=True)
    if not broken:
        return chats, []
    first, share = _first(broken, path), f"{len(broken):,} of {len(raw):,} rows are malformed"
    if len(broken) > MAX_BROKEN * len(raw):
        raise UserError(
            f"{first}; {share}: fix or remove them, or set other columns in the `data` section."
        )
    return chats, [f"{first}; {share}: they are left out."]


def prompts(raw: pd.DataFrame, settings: Data, path: Path) -> list[list[Message]]:
    """Return the messages of each row without the answer, which may be missing.

    A plain text is returned as it is, to be continued. UserError names a malformed row.
    """
    chats, broken = _read(raw, settings, answered=False)
    if broken:
        raise UserError(f"{_first(broken, path)}: fix or remove it.")
    return chats


def _read(
    raw: pd.DataFrame, settings: Data, answered: bool
) -> tuple[list[list[Message]], dict[int, str]]:
    """Return the messages of each row, [] for malformed ones, and their reasons by row number."""
    answer = settings.answer if answered else None
    names = {name for name in (settings.messages, settings.prompt, answer, settings.text) if name}
    chats: list[list[Message]] = []
    broken: dict[int, str] = {}
    records = raw[sorted(names)].to_dict("records")
    for number, record in zip(raw.index + 1, records, strict=True):
        try:
            chats.append(_conversation(record, settings, answered))
        except BrokenError as error:
            chats.append([])
            broken[number] = str(error)
    return chats, broken


def _first(broken: dict[int, str], path: Path) -> str:
    number, reason = next(iter(broken.items()))
    return f"{path}: row {number} is not a conversation ({reason})"


def _conversation(record: dict[Any, Any], settings: Data, answered: bool) -> list[Message]:
    if settings.text:
        return [message("assistant", _text(record[settings.text]))]
    if settings.messages:
        chat = listed(_list(record[settings.messages]))
    else:
        chat = _turns(record[settings.prompt], "user")
        chat += _turns(record[settings.answer], "assistant") if answered else []
    if not chat:
        raise BrokenError("its only message is an empty system message")
    check_turns(chat, answered)
    return chat[:-1] if not answered and chat[-1]["role"] == "assistant" else chat


def _turns(cell: Any, role: str) -> list[Message]:
    """Return a cell as messages: the text of one by `role`, or a list of messages."""
    cell = _list(cell)
    if isinstance(cell, list) or (isinstance(cell, str) and MESSAGES.match(cell)):
        return listed(cell)
    return [message(role, _text(cell))]


def _list(cell: Any) -> Any:
    """Return a list for an array, which Parquet columns hold."""
    return cell.tolist() if isinstance(cell, np.ndarray) else cell


def _text(cell: Any) -> str:
    """Return a cell as text; 1.0 becomes 1, since a missing value makes a column float."""
    if isinstance(cell, float):
        return "" if np.isnan(cell) else f"{cell:.15g}"
    return "" if cell is None or cell is pd.NA else str(cell)
