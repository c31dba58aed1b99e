"""Add a model's answers to a table of conversations; needs the export folder and nothing else."""

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
ASKED = ("messages", "prompt", "text")  # keys of the `data` section


def scorer(
    folder: Path, source: Path, config: BaseConfig, counts: Counter[str]
) -> Callable[[pa.Table, int], pa.Table]:
    """Return a function that appends answers to a table, given how many rows came before it.

    A row that is no conversation has none. UserError if the column of prompts is not there.
    """
    model = gguf_runtime.load(folder)
    wanted = [(key, getattr(config.data, key)) for key in ASKED]

    def score(table: pa.Table, first: int) -> pa.Table:
        check_names(table.column_names, wanted, source)
        chats = _chats(table.to_pandas(), source, config)
        filled, said = np.array([*map(bool, chats)], bool), np.full(len(chats), None, object)
        if filled.any():
            said[filled] = model({"messages": [chat for chat in chats if chat]})
        counts["broken"] += int((~filled).sum())
        return table.append_column(
            free_name(ANSWER, table.column_names), pa.array(said, pa.string())
        )

    return score


def notes(counts: Counter[str], rows: int, source: Path, allow_unseen: bool) -> list[str]:
    """Say how many rows have no prediction."""
    told = f"rows of {source} are no conversations: they have no answer."
    return [f"{count:,} of {rows:,} {told}" for count in counts.values() if count]


def _chats(frame: pd.DataFrame, source: Path, config: BaseConfig) -> list[list[Message]]:
    """Return the messages of each row, [] of a broken one."""
    chats: list[list[Message]] = []
    for row in range(len(frame)):
        try:
            chats += prompts(frame.iloc[[row]], config.data, source)
        except UserError:
            chats.append([])
    return chats
