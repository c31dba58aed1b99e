"""From texts to the numbers of their tokens, the same in training and in service.

Needs numpy and tokenizers alone.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import Tokenizer

from .padding import filled, numbers

if TYPE_CHECKING:
    from ..model import Model

FILE = "tokenizer.json"
ROWS = 1024  # at once, of which the runtime puts those of like length together


def describe(model: "Model") -> dict[str, Any]:
    """Return what a contract says of the way from a text to the model's input."""
    return {
        "file": FILE,
        "max_tokens": model.max_tokens,
        "pad": model.pad,
        "inputs": {
            "ids": "int64 (rows, tokens): what the tokenizer makes of each text, first and last "
            "token included, filled up with `pad` at the end"
        },
    }


def encode(texts: Sequence[str], told: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the inputs that `describe` names; `told` is what it returned, and the `folder`."""
    tokenizer = _opened(Path(told["folder"], told["file"]))
    return {"ids": filled(numbers(texts, tokenizer), told["pad"])}


@lru_cache(4)
def _opened(path: Path) -> Tokenizer:
    return Tokenizer.from_file(str(path))
