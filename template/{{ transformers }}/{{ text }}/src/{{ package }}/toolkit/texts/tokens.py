"""Tokenization of texts, the same in training and serving."""

from typing import Any

FILE = "tokenizer.json"
ROWS = 1024  # per call; the runtime batches texts of similar length


def describe(model: Any) -> dict[str, Any]:
    """Return the contract's description of how a text becomes the model's input."""
    return {
        "file": FILE,
        "max_tokens": model.max_tokens,
        "pad": model.pad,
        "inputs": {
            "ids": "int64 (rows, tokens): the token ids of each text with first and last special "
            "token, padded at the end with `pad`"
        },
    }
