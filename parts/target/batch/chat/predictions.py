"""Add a model's answers to a table of conversations; needs the export folder and nothing else."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from ..chats.messages import Message
from ..chats.shapes import prompts
from ..config import Config
from ..formats import gguf_runtime
from ..runs import UserError
from ..tables.table import check_names

ANSWER = "said"  # the column that is added
ASKED = ("messages", "prompt", "text")  # keys of the `data` section


def scorer(folder: Path, source: Path, config: Config) -> Callable[[pa.Table, int], pa.Table]:
    """Return a function that appends answers to a table, given how many rows came before it.

    A row that is no conversation has none. UserError if the column of prompts is not there.
    """
    model = gguf_runtime.load(folder)
    wanted = [(key, getattr(config.data, key)) for key in ASKED]

    def score(table: pa.Table, first: int) -> pa.Table:
        check_names(table.schema.empty_table().to_pandas(), wanted, source)
        if ANSWER in table.column_names:
            raise UserError(f"{source}: column {ANSWER!r} would be hidden; rename it.")
        chats = _chats(table.to_pandas(), source, config)
        filled, said = np.array([*map(bool, chats)], bool), np.full(len(chats), None, object)
        if filled.any():
            said[filled] = model({"messages": [chat for chat in chats if chat]})
        return table.append_column(ANSWER, pa.array(said, pa.string()))

    return score


def _chats(frame: pd.DataFrame, source: Path, config: Config) -> list[list[Message]]:
    """Return the messages of each row, [] of a broken one."""
    chats: list[list[Message]] = []
    for row in range(len(frame)):
        try:
            chats += prompts(frame.iloc[[row]], config.data, source)
        except UserError:
            chats.append([])
    return chats
