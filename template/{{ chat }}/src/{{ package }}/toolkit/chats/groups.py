"""Conversations that must share a split: those with duplicate or near-duplicate prompts."""

import numpy as np
import pandas as pd

from ..texts import near_duplicates

MAX_SHARE, MIN_ROWS = 0.2, 10  # of the conversations: larger groups share a template


def grouped_conversations(
    ids: np.ndarray, prompt_ids: np.ndarray, prompts: list[list[str]]
) -> tuple[np.ndarray, list[str]]:
    """Return the group id of each row, and notes on groups that are too large.

    ids         (rows,) uint64 of prompt and answer
    prompt_ids  (rows,) uint64 of the prompts; `prompts` holds their words

    A long template around every prompt makes all of them near-duplicates, and one instruction for
    all rows makes them duplicates. Then a stricter criterion is used, since no rows could be held
    out otherwise.
    """
    notes: list[str] = []
    limit = max(MIN_ROWS, MAX_SHARE * len(np.unique(ids)))
    for groups, similarity, fallback in (
        (
            near_duplicates.grouped(prompt_ids, prompts),
            "nearly the same",
            "only duplicate prompts share a split",
        ),
        (prompt_ids, "the same", "they are split by prompt and answer"),
    ):
        largest = pd.Series(ids).groupby(groups).nunique().max()
        if largest <= limit:
            return groups, notes
        notes = [f"{largest:,} rows have {similarity} prompt, as from a template: {fallback}."]
    return ids, notes
