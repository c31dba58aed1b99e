"""Texts to what the network takes on a device: the numbers of their tokens, all rows as long.

Float32 although they are whole: what runs networks on phones is made for that.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..runs import write_text
from ..texts import tokens
from ..texts.padding import BATCH
from .contract import Contract
from .feed import feed

MAX_ROWS = BATCH  # at once
CLASSES = {"BPE": "PreTrainedTokenizer", "Unigram": "T5Tokenizer", "WordPiece": "BertTokenizer"}


def describe(model: Any) -> dict[str, Any]:
    """Return what a contract says of the way from a text to the network's input.

    `matrix` has a text's `tokens` in each row, filled up with `pad` at the end.
    """
    shape = [None, model.max_tokens]
    matrix = {"name": "matrix", "dtype": "float32", "shape": shape, "pad": model.pad}
    return {"matrix": matrix, "tokens": tokens.describe(model)}


def accompany(model: Any, folder: Path) -> None:
    """Write tokenizer.json into the folder, and what swift-transformers wants to know besides."""
    model.tokenizer.save(str(folder / tokens.FILE))
    kind = json.loads(model.tokenizer.to_str())["model"]["type"]
    told = {"tokenizer_class": CLASSES[kind]}
    write_text(folder / "tokenizer_config.json", json.dumps(told) + "\n")
    model.network.config.to_json_file(folder / "config.json")


def example(model: Any, rows: int) -> np.ndarray:
    """Return an input of that many rows; converters look at its shape alone."""
    return np.full((rows, model.max_tokens), model.pad + 1, np.float32)


def encode(inputs: Any, contract: Contract) -> np.ndarray:
    """Return float32 (rows, max_tokens), whole numbers; `inputs` as for `feed`."""
    (ids,) = feed(inputs, contract).values()
    told = contract["matrix"]
    matrix = np.full((len(ids), told["shape"][1]), told["pad"], np.float32)
    matrix[:, : ids.shape[1]] = ids
    return matrix


def stored(matrix: np.ndarray) -> list[Any]:
    """Return what `encode` gave for JSON: the numbers of each row."""
    return matrix.astype(np.int64).tolist()
