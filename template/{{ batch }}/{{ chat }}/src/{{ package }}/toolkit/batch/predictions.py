"""Add a model's answers to a table of conversations; needs only the export folder."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from ..chats.forms import resolve
from ..chats.layouts import conversations, unread_note
from ..config import BaseConfig
from ..export import gguf_runtime
from ..export.contract import free_name
from ..runs import UserError, say
from ..settings.data import Data

ANSWER = "said"  # the column that is added
UNREAD = "key "  # before a key of messages, in counts


def scorer(
    folder: Path, source: Path, config: BaseConfig, counts: Counter[str]
) -> Callable[[pa.Table, int], pa.Table]:
    """Return a function that appends answers to a table, given the number of rows before it.

    A row without a valid conversation gets none. UserError if the input column is missing.
    """
    model = gguf_runtime.load(folder)
    columns: Data | None = None

    def score(table: pa.Table, first: int) -> pa.Table:
        nonlocal columns
        if columns is None:
            columns, found = resolve(table, config.data, source, answered=False)
            for note in found:
                say("warning", note)
        read = conversations(table, columns, answered=False, first=first)
        answers = np.full(len(table), None, object)
        if any(read.chats):
            valid = np.array([*map(bool, read.chats)])
            answers[valid] = model({"messages": [chat for chat in read.chats if chat]})
        counts.update(f"row {row:,} ({reason})" for row, reason in read.broken.items())
        counts.update({UNREAD + key: count for key, count in read.unread.items()})
        return table.append_column(
            free_name(ANSWER, table.column_names), pa.array(answers, pa.string())
        )

    return score


def notes(counts: Counter[str], rows: int, source: Path, allow_unseen: bool) -> list[str]:
    """Return notes of how many rows have no answer, and of what is not read.

    UserError if no row has an answer.
    """
    broken = [name for name in counts if not name.startswith(UNREAD)]
    found = []
    if rows and len(broken) == rows:
        raise UserError(
            f"{source}: none of its {rows:,} rows has a valid conversation, such as {broken[0]}."
        )
    if broken:
        note = f"{len(broken):,} of {rows:,} rows of {source} have no valid conversation, such as"
        found = [f"{note} {broken[0]}, so they get no answer."]
    keys = {name.removeprefix(UNREAD): counts[name] for name in counts if name not in broken}
    return [*found, *unread_note(Counter(keys), source)]
