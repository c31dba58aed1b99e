"""Which conversations must not be in two splits: those whose prompts are the same, or nearly."""

import numpy as np
import pandas as pd

from ..texts import near_duplicates

SHARE, FEW = 0.2, 10  # of the conversations: more than both are no relatives


def grouped_conversations(
    ids: np.ndarray, asked: np.ndarray, prompts: list[list[str]]
) -> tuple[np.ndarray, list[str]]:
    """Return for each row the id that it shares with its relatives, and what to know about them.

    ids      (rows,) uint64 of prompt and answer
    asked    (rows,) uint64 of the prompts alone; `prompts` holds their words

    One long template around every prompt makes all of them nearly the same, and one instruction
    for all rows makes them the same. Then the next smaller kinship is taken: nothing could be held
    out otherwise.
    """
    notes: list[str] = []
    most = max(FEW, SHARE * len(np.unique(ids)))
    for grouped, alike, otherwise in (
        (
            near_duplicates.grouped(asked, prompts),
            "nearly the same",
            "only the same prompts share a split",
        ),
        (asked, "the same", "they are split by prompt and answer"),
    ):
        largest = pd.Series(ids).groupby(grouped).nunique().max()
        if largest <= most:
            return grouped, notes
        notes = [f"{largest:,} rows have {alike} prompt, as from a template: {otherwise}."]
    return ids, notes
