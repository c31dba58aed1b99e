"""From images to the input of the network: the pixels that `feed.py` reads, as float32.

Bytes would do, but the runtimes of phones and boards are made for float32.
"""

import base64
from typing import Any

import numpy as np

from .contract import Contract
from .feed import feed

MAX_ROWS = 4096  # per call, where a format takes more than one row


def describe(model: Any) -> dict[str, Any]:
    """Return the matrix of a contract: its name, dtype, shape and range."""
    shape = [None, *example(model, 1).shape[1:]]
    matrix = {"name": "matrix", "dtype": "float32", "shape": shape, "low": 0, "high": 255}
    return {"matrix": matrix}


def example(model: Any, rows: int) -> np.ndarray:
    """Return an input of that many rows; converters use its shape alone."""
    size = model.shape["size"]
    return np.zeros((rows, size, size, 3), np.float32)


def encode(inputs: Any, contract: Contract) -> np.ndarray:
    """Return float32 (rows, size, size, 3), integer values; `inputs` as for `feed`."""
    (pixels,) = feed(inputs, contract).values()
    return pixels.astype(np.float32)


def stored(matrix: np.ndarray) -> list[Any]:
    """Return the result of `encode` for JSON: the bytes of each image, in base64."""
    return [base64.b64encode(row.astype(np.uint8)).decode() for row in matrix]
