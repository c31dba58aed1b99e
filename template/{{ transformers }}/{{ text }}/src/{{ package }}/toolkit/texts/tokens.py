"""From texts to the numbers of their tokens, the same in training and in service."""

from typing import Any

FILE = "tokenizer.json"
ROWS = 1024  # at once, of which the runtime puts those of like length together


def describe(model: Any) -> dict[str, Any]:
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
