"""Encode texts for a network on a device: token ids, padded to a fixed length.

The ids are float32, which the runtimes of phones are built for.
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

MAX_ROWS = BATCH  # per call
CLASSES = {"BPE": "PreTrainedTokenizer", "Unigram": "T5Tokenizer", "WordPiece": "BertTokenizer"}


def describe(model: Any) -> dict[str, Any]:
    """Return the contract's description of how a text becomes the network's input.

    Each row of `matrix` holds the `tokens` of a text, padded at the end with `pad`.
    """
    shape = [None, model.max_tokens]
    matrix = {"name": "matrix", "dtype": "float32", "shape": shape, "pad": model.pad}
    return {"matrix": matrix, "tokens": tokens.describe(model)}


def accompany(model: Any, folder: Path) -> None:
    """Write tokenizer.json and the configuration that swift-transformers needs into the folder."""
    model.tokenizer.save(str(folder / tokens.FILE))
    kind = json.loads(model.tokenizer.to_str())["model"]["type"]
    settings = {"tokenizer_class": CLASSES[kind]}
    write_text(folder / "tokenizer_config.json", json.dumps(settings) + "\n")
    model.network.config.to_json_file(folder / "config.json")


def example(model: Any, rows: int) -> np.ndarray:
    """Return an input of that many rows; converters only use its shape."""
    return np.full((rows, model.max_tokens), model.pad + 1, np.float32)


def encode(inputs: Any, contract: Contract) -> np.ndarray:
    """Return token ids as float32 (rows, max_tokens); `inputs` as for `feed`."""
    (ids,) = feed(inputs, contract).values()
    layout = contract["matrix"]
    matrix = np.full((len(ids), layout["shape"][1]), layout["pad"], np.float32)
    matrix[:, : ids.shape[1]] = ids
    return matrix


def stored(matrix: np.ndarray) -> list[Any]:
    """Return an encoded matrix for JSON: the token ids of each row."""
    return matrix.astype(np.int64).tolist()
