"""From texts to the terms that the model counts, the same in training and in service."""

from typing import Any

from .words import CHARACTERS

FILE = "terms.txt"  # those that the model knows, a line each
ROWS = 256  # at once, so that their terms don't fill the memory


def describe(model: Any) -> dict[str, Any]:
    """Return what a contract says of the way from a text to the model's inputs."""
    features = model[0]
    return {
        "characters": CHARACTERS,
        "terms": "runs of 1 to max_words words, joined by a space; and of <word>, all runs of "
        "min_letters to max_letters characters, each after a ~",
        "known": FILE,
        "max_words": features.max_words,
        "min_letters": features.min_letters,
        "max_letters": features.max_letters,
        "inputs": {
            "term": "string (terms,): the different terms of each text, texts one after the other; "
            "those that are not in `known` may be left out",
            "count": "float32 (terms,): how often the text holds the term",
            "row": "int64 (terms,): the number of the text, from 0",
            "rows": "int64 (1,): how many texts there are",
        },
    }
