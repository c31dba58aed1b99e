"""Pictures to what the network takes: the pixels that `feed.py` reads, and nothing else."""

from typing import TYPE_CHECKING, Any

import numpy as np

from .contract import Contract
from .feed import feed

if TYPE_CHECKING:
    from ..model import Model


def describe(model: "Model") -> dict[str, Any]:
    """Return what a contract says of the network's input: its name, dtype and shape."""
    shape = [None, *example(model, 1).shape[1:]]
    return {"matrix": {"name": "matrix", "dtype": "uint8", "shape": shape}}


def example(model: "Model", rows: int) -> np.ndarray:
    """Return an input of that many rows; converters look at its shape alone."""
    size = model.shape["size"]
    return np.zeros((rows, size, size, 3), np.uint8)


def encode(inputs: Any, contract: Contract) -> np.ndarray:
    """Return uint8 (rows, size, size, 3); `inputs` as for `feed`."""
    (pixels,) = feed(inputs, contract).values()
    return pixels
