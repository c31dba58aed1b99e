"""Add a model's answers to a table of conversations; needs only the export folder."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from ..chats.layouts import prompts
from ..chats.messages import Message
from ..config import BaseConfig
from ..export import gguf_runtime
from ..export.contract import free_name
from ..runs import UserError
from ..tables.files import check_names

ANSWER = "said"  # the column that is added
INPUTS = ("messages", "prompt", "text")  # keys of the `data` section


def scorer(
    folder: Path, source: Path, config: BaseConfig, counts: Counter[str]
) -> Callable[[pa.Table, int], pa.Table]:
    """Return a function that appends answers to a table, given the number of rows before it.

    A row without a valid conversation gets none. UserError if the input column is missing.
    """
    model = gguf_runtime.load(folder)
    wanted = [(key, getattr(config.data, key)) for key in INPUTS]

    def score(table: pa.Table, first: int) -> pa.Table:
        check_names(table.column_names, wanted, source)
        chats = _chats(table.to_pandas(), source, config)
        valid, answers = np.array([*map(bool, chats)], bool), np.full(len(chats), None, object)
        if valid.any():
            answers[valid] = model({"messages": [chat for chat in chats if chat]})
        counts["broken"] += int((~valid).sum())
        return table.append_column(
            free_name(ANSWER, table.column_names), pa.array(answers, pa.string())
        )

    return score


def notes(counts: Counter[str], rows: int, source: Path, allow_unseen: bool) -> list[str]:
    """Return a note of how many rows have no answer."""
    note = f"rows of {source} have no valid conversation, so they get no answer."
    return [f"{count:,} of {rows:,} {note}" for count in counts.values() if count]


def _chats(frame: pd.DataFrame, source: Path, config: BaseConfig) -> list[list[Message]]:
    """Return the messages of each row, [] for an invalid one."""
    chats: list[list[Message]] = []
    for row in range(len(frame)):
        try:
            chats += prompts(frame.iloc[[row]], config.data, source)
        except UserError:
            chats.append([])
    return chats
