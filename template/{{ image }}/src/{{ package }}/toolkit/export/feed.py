"""Images as the input of an exported model: needs numpy and Pillow only."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..images.packed import unpack
from ..images.pixels import RESIZE, read, square
from .contract import Contract, Input

if TYPE_CHECKING:
    from ..tables.schema import Schema

ROWS = 100  # per call, so that pixels don't fill the memory
BATCHES = (1, 1000)  # rows that are timed
REFERENCE = 5000  # rows that `monitor` compares with: more would hardly raise its power


def describe(schema: "Schema") -> list[Input]:
    """Return the inputs of a contract: one, the pixels."""
    return [
        {
            "name": column.name,
            "type": "image",
            "dtype": "uint8",
            "shape": [None, column.size or 0, column.size or 0, 3],
            "missing": False,
            "color": "RGB",
            "resize": RESIZE,
            "bits": column.bits,
        }
        for column in schema.columns
    ]


def feed(inputs: Any, contract: Contract) -> dict[str, np.ndarray]:
    """Return {name: (rows, size, size, 3) uint8}.

    `inputs` maps the name to pixels, to the (rows,) paths of images, or to results of `pack`.
    """
    return {i["name"]: _pixels(inputs[i["name"]], i) for i in contract["inputs"]}


def to_numpy(inputs: Any, contract: Contract) -> dict[str, Any]:
    """Return the inputs without pandas, for a process that does not import it."""
    return {i["name"]: list(inputs[i["name"]]) for i in contract["inputs"]}


def _pixels(values: Any, described: Input) -> np.ndarray:
    size = described["shape"][1] or 0
    if isinstance(values, np.ndarray) and values.ndim == 4:
        return values
    if isinstance(values, list) and isinstance(values[0], dict):
        return np.stack([square(unpack(packed), size) for packed in values])
    return read(values, size, described.get("bits"))


def request_view(inputs: Any) -> Any:
    """Return the columns of a table that a client sends: all of them."""
    return inputs
