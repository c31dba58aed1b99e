"""Pixels to the feature matrix, as ONNX nodes: `features.py` in graph form, bit for bit."""

import numpy as np
from onnx import TensorProto, ValueInfoProto, helper

from ..features import COMPASS, GREY, GRID, Features
from ..tables.schema import Schema
from .onnx_graph import Graph


def inputs(schema: Schema) -> list[ValueInfoProto]:
    """Return one (rows, size, size, 3) uint8 input, under the column's own name."""
    return [
        helper.make_tensor_value_info(c.name, TensorProto.UINT8, ["rows", c.size, c.size, 3])
        for c in schema.columns
    ]


def matrix(graph: Graph, features: Features, output: str) -> None:
    """Add what `features.transform` does: pixels to float32 (rows, features) `output`."""
    levels = graph.add("Cast", "image", to=TensorProto.FLOAT)
    colours = graph.add("Transpose", levels, perm=[0, 3, 1, 2])
    border = graph.constant(np.array([0, 0, 1, 1, 0, 0, 1, 1]))
    padded = graph.add("Pad", colours, border, mode="edge")
    directions = np.concatenate([COMPASS, -COMPASS])
    weights = graph.constant(directions[:, None] * GREY[None, :, None, None])
    edges = graph.add("Relu", graph.add("Conv", padded, weights, kernel_shape=[3, 3]))
    parts = [
        _means(graph, edges, len(directions), features.size),
        _means(graph, colours, len(GREY), features.size),
    ]
    graph.add("Concat", *parts, output=output, axis=1)


def _means(graph: Graph, values: str, kinds: int, size: int) -> str:
    cell = size // GRID
    cells = graph.constant(np.array([0, kinds, GRID, cell, GRID, cell]))
    split = graph.add("Reshape", values, cells)
    sums = graph.add("ReduceSum", split, graph.constant(np.array([3, 5])), keepdims=0)
    flat = graph.add("Reshape", sums, graph.constant(np.array([0, -1])))
    return graph.add("Mul", flat, graph.constant(np.float32(1 / cell**2)))
