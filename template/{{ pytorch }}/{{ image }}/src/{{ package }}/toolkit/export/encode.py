"""Pictures to what the network takes: the pixels that `feed.py` reads, as numbers.

Float32 although bytes would do: what runs networks on phones and boards is made for numbers.
"""

import base64
from typing import Any

import numpy as np

from .contract import Contract
from .feed import feed

MAX_ROWS = 4096  # at once, where a format takes more than one row


def describe(model: Any) -> dict[str, Any]:
    """Return what a contract says of the network's input: its name, dtype, shape and range."""
    shape = [None, *example(model, 1).shape[1:]]
    matrix = {"name": "matrix", "dtype": "float32", "shape": shape, "low": 0, "high": 255}
    return {"matrix": matrix}


def example(model: Any, rows: int) -> np.ndarray:
    """Return an input of that many rows; converters look at its shape alone."""
    size = model.shape["size"]
    return np.zeros((rows, size, size, 3), np.float32)


def encode(inputs: Any, contract: Contract) -> np.ndarray:
    """Return float32 (rows, size, size, 3), whole numbers; `inputs` as for `feed`."""
    (pixels,) = feed(inputs, contract).values()
    return pixels.astype(np.float32)


def stored(matrix: np.ndarray) -> list[Any]:
    """Return what `encode` gave for JSON: the bytes of each picture, in base64."""
    return [base64.b64encode(row.astype(np.uint8)).decode() for row in matrix]
