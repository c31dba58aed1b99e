"""Pixels to numbers by fixed filters: how much of each edge is where, and of each colour.

A grid of oriented gradients, as in Dalal & Triggs (2005), from the compass filters of Robinson
(1977). Nothing is learnt. Pixels and filters are whole numbers, and sums below 2 ** 24 are exact in
float32 in any order (up to 256 x 256 pixels), so an exported graph repeats them bit for bit.
"""

import numpy as np
import pandas as pd
from onnx import TensorProto, ValueInfoProto, helper
from sklearn.base import BaseEstimator, TransformerMixin

from .toolkit.export.onnx_graph import Graph
from .toolkit.images.pixels import read
from .toolkit.tables.schema import Schema

GRID = 4  # cells across, and down
GREY = np.array([1, 2, 1], np.float32)  # weights of red, green and blue
COMPASS = np.array(  # edges to the east, north-east, north, north-west; negated, to the others
    [
        [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]],
        [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
        [[2, 1, 0], [1, 0, -1], [0, -1, -2]],
    ],
    np.float32,
)
PIXELS = 1 << 22  # in memory at once, each as some 20 numbers


class Features(TransformerMixin, BaseEstimator):
    """Encode the column `image`, paths of pictures, as float32 (rows, features).

    edges    8 directions x 4 x 4 cells: mean response to an edge, 0 ... 4080
    colours  red, green, blue x 4 x 4 cells: mean level, 0 ... 255
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def fit(self, frame: pd.DataFrame, targets: np.ndarray | None = None) -> "Features":
        """Learn nothing."""
        self.fitted_ = True  # what scikit-learn asks for
        return self

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the matrix described above, in the order of `names()`."""
        files = frame["image"].tolist()
        step = max(1, PIXELS // self.size**2)
        starts = range(0, len(files), step)
        return np.vstack([self.encode(read(files[s : s + step], self.size)) for s in starts])

    def encode(self, pixels: np.ndarray) -> np.ndarray:
        """Return the features of (rows, size, size, 3) uint8 pixels."""
        colours = np.moveaxis(pixels, 3, 1).astype(np.float32)
        grey = np.tensordot(colours, GREY, (1, 0))
        padded = np.pad(grey, ((0, 0), (1, 1), (1, 1)), mode="edge")
        responses = [_filtered(padded, weights) for weights in COMPASS]
        edges = np.stack([*responses, *(-response for response in responses)], axis=1)
        parts = [_means(np.maximum(edges, 0)), _means(colours)]
        return np.hstack([part.reshape(len(pixels), -1) for part in parts])

    def names(self) -> list[str]:
        """Name the columns of the matrix."""
        kinds = [f"edge {45 * turn}°" for turn in range(8)] + ["red", "green", "blue"]
        cells = [f"{row},{column}" for row in range(GRID) for column in range(GRID)]
        return [f"{kind} {cell}" for kind in kinds for cell in cells]

    @staticmethod
    def onnx_inputs(schema: Schema) -> list[ValueInfoProto]:
        """Return one (rows, size, size, 3) uint8 input, under the column's own name."""
        return [
            helper.make_tensor_value_info(c.name, TensorProto.UINT8, ["rows", c.size, c.size, 3])
            for c in schema.columns
        ]

    def onnx(self, graph: Graph, output: str) -> None:
        """Add what `transform` does: pixels to float32 (rows, features) `output`."""
        levels = graph.add("Cast", "image", to=TensorProto.FLOAT)
        colours = graph.add("Transpose", levels, perm=[0, 3, 1, 2])
        border = graph.constant(np.array([0, 0, 1, 1, 0, 0, 1, 1]))
        padded = graph.add("Pad", colours, border, mode="edge")
        directions = np.concatenate([COMPASS, -COMPASS])
        weights = graph.constant(directions[:, None] * GREY[None, :, None, None])
        edges = graph.add("Relu", graph.add("Conv", padded, weights, kernel_shape=[3, 3]))
        parts = [
            _onnx_means(graph, edges, len(directions), self.size),
            _onnx_means(graph, colours, len(GREY), self.size),
        ]
        graph.add("Concat", *parts, output=output, axis=1)


def _filtered(padded: np.ndarray, weights: np.ndarray) -> np.ndarray:
    side = padded.shape[1] - 2
    places = [(y, x) for y in range(3) for x in range(3) if weights[y, x]]
    return sum(weights[y, x] * padded[:, y : y + side, x : x + side] for y, x in places)


def _means(values: np.ndarray) -> np.ndarray:
    """Average (rows, kinds, size, size) over the cells: (rows, kinds, 4, 4)."""
    rows, kinds, size, _ = values.shape
    cell = size // GRID
    sums = values.reshape(rows, kinds, GRID, cell, GRID, cell).sum(axis=(3, 5))
    return sums * np.float32(1 / cell**2)


def _onnx_means(graph: Graph, values: str, kinds: int, size: int) -> str:
    cell = size // GRID
    cells = graph.constant(np.array([0, kinds, GRID, cell, GRID, cell]))
    split = graph.add("Reshape", values, cells)
    sums = graph.add("ReduceSum", split, graph.constant(np.array([3, 5])), keepdims=0)
    flat = graph.add("Reshape", sums, graph.constant(np.array([0, -1])))
    return graph.add("Mul", flat, graph.constant(np.float32(1 / cell**2)))
