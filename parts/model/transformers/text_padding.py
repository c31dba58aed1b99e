"""Texts of any length as one matrix of numbers."""

from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer

BATCH = 8  # texts at once: each is filled up to the longest


def numbers(texts: Sequence[str], tokenizer: Tokenizer) -> list[list[int]]:
    """Return the numbers of the tokens of each text; half a surrogate pair becomes a `?`."""
    known = [text.encode(errors="replace").decode() for text in texts]
    return [found.ids for found in tokenizer.encode_batch_fast(known)]


def filled(ids: Sequence[Sequence[int]], pad: int, length: int = 1) -> np.ndarray:
    """Return int64 (rows, tokens), as long as the longest, `length` at least."""
    matrix = np.full((len(ids), max([length, *map(len, ids)])), pad, np.int64)
    for row, known in zip(matrix, ids, strict=True):
        row[: len(known)] = known
    return matrix
