"""The conversations of a table: three shapes become one, and broken rows are told."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..runs import UserError
from ..settings.data import Data
from .messages import BrokenError, Message, check_turns, listed, message

WRITTEN = re.compile(r'\s*\[\s*\{\s*"(role|content)"\s*:')  # messages as JSON
BROKEN = 0.1  # share of broken rows above which a file is refused


def conversations(
    raw: pd.DataFrame, settings: Data, path: Path
) -> tuple[list[list[Message]], list[str]]:
    """Return the messages of each row, the last being the answer, and a note on broken rows.

    [] stands for those: they are to be left out. UserError if they are too many.
    """
    found, broken = _read(raw, settings, answered=True)
    if not broken:
        return found, []
    first, share = _first(broken, path), f"{len(broken):,} of {len(raw):,} rows are broken"
    if len(broken) > BROKEN * len(raw):
        raise UserError(
            f"{first}; {share}: mend or remove them, or name other columns in the `data` section."
        )
    return found, [f"{first}; {share}: they are left out."]


def prompts(raw: pd.DataFrame, settings: Data, path: Path) -> list[list[Message]]:
    """Return the messages of each row without the answer, which need not be there.

    A plain text is all there is: it is to be continued. UserError names a broken row.
    """
    found, broken = _read(raw, settings, answered=False)
    if broken:
        raise UserError(f"{_first(broken, path)}: mend or remove it.")
    return found


def _read(
    raw: pd.DataFrame, settings: Data, answered: bool
) -> tuple[list[list[Message]], dict[int, str]]:
    """Return the messages of each row, and why some have none, by their number."""
    answer = settings.answer if answered else None
    names = {name for name in (settings.messages, settings.prompt, answer, settings.text) if name}
    found: list[list[Message]] = []
    broken: dict[int, str] = {}
    records = raw[sorted(names)].to_dict("records")
    for number, record in zip(raw.index + 1, records, strict=True):
        try:
            found.append(_conversation(record, settings, answered))
        except BrokenError as error:
            found.append([])
            broken[number] = str(error)
    return found, broken


def _first(broken: dict[int, str], path: Path) -> str:
    number, reason = next(iter(broken.items()))
    return f"{path}: row {number} is no conversation ({reason})"


def _conversation(record: dict[Any, Any], settings: Data, answered: bool) -> list[Message]:
    if settings.text:
        return [message("assistant", _written(record[settings.text]))]
    if settings.messages:
        chat = listed(_plain(record[settings.messages]))
    else:
        chat = _turns(record[settings.prompt], "user")
        chat += _turns(record[settings.answer], "assistant") if answered else []
    if not chat:
        raise BrokenError("it holds no message but an empty one of the system")
    check_turns(chat, answered)
    return chat[:-1] if not answered and chat[-1]["role"] == "assistant" else chat


def _turns(cell: Any, role: str) -> list[Message]:
    """Return a cell as messages: it is one of `role`, or a list of them."""
    cell = _plain(cell)
    if isinstance(cell, list) or (isinstance(cell, str) and WRITTEN.match(cell)):
        return listed(cell)
    return [message(role, _written(cell))]


def _plain(cell: Any) -> Any:
    """Return lists for the arrays that Parquet gives."""
    return cell.tolist() if isinstance(cell, np.ndarray) else cell


def _written(cell: Any) -> str:
    """Return numbers as they were written: a gap in the column turns 1 into 1.0."""
    if isinstance(cell, float):
        return "" if np.isnan(cell) else f"{cell:.15g}"
    return "" if cell is None or cell is pd.NA else str(cell)
