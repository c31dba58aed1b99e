"""Texts of any length as one matrix of numbers."""

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..runs import UserError

BATCH = 8  # texts at once: each is filled up to the longest


def numbers(texts: Sequence[str], tokenizer: Any) -> list[list[int]]:
    """Return the numbers of the tokens of each text; half a surrogate pair becomes a `?`."""
    known = [text.encode(errors="replace").decode() for text in texts]
    return [found.ids for found in tokenizer.encode_batch_fast(known)]


def filled(ids: Sequence[Sequence[int]], pad: int, length: int = 1) -> np.ndarray:
    """Return int64 (rows, tokens), as long as the longest, `length` at least."""
    matrix = np.full((len(ids), max([length, *map(len, ids)])), pad, np.int64)
    for row, known in zip(matrix, ids, strict=True):
        row[: len(known)] = known
    return matrix


def encode(texts: Sequence[str], told: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the inputs of a model that reads tokens; `told` is what its contract says of them.

    UserError without the package tokenizers: a run of before another framework came may need it.
    """
    tokenizer = _opened(Path(told["folder"], told["file"]))
    return {"ids": filled(numbers(texts, tokenizer), told["pad"])}


@lru_cache(4)
def _opened(path: Path) -> Any:
    try:
        return import_module("tokenizers").Tokenizer.from_file(str(path))
    except ModuleNotFoundError:
        raise UserError(f"{path.parent} reads tokens: first `uv add tokenizers`.") from None
