"""Texts of any length as one matrix of token ids."""

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..runs import UserError

BATCH = 8  # texts per call: each is padded to the longest


def numbers(texts: Sequence[str], tokenizer: Any) -> list[list[int]]:
    """Return the token ids of each text; half a surrogate pair becomes a `?`."""
    valid = [text.encode(errors="replace").decode() for text in texts]
    return [encoding.ids for encoding in tokenizer.encode_batch_fast(valid)]


def filled(ids: Sequence[Sequence[int]], pad: int, length: int = 1) -> np.ndarray:
    """Return int64 (rows, tokens), padded to the longest, and to at least `length`."""
    matrix = np.full((len(ids), max([length, *map(len, ids)])), pad, np.int64)
    for row, values in zip(matrix, ids, strict=True):
        row[: len(values)] = values
    return matrix


def encode(texts: Sequence[str], settings: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the inputs of a model that reads tokens; `settings` are `tokens` of its contract.

    UserError without the package tokenizers, which a run of another framework may need.
    """
    tokenizer = _tokenizer(Path(settings["folder"], settings["file"]))
    return {"ids": filled(numbers(texts, tokenizer), settings["pad"])}


@lru_cache(4)
def _tokenizer(path: Path) -> Any:
    try:
        return import_module("tokenizers").Tokenizer.from_file(str(path))
    except ModuleNotFoundError:
        raise UserError(f"{path.parent} needs tokenizers: run `uv add tokenizers`.") from None
