"""Pixels are what the network takes, as numbers."""

from onnx import TensorProto, ValueInfoProto, helper

from ..model import Model
from ..tables.schema import Schema
from .onnx_graph import Graph


def inputs(schema: Schema) -> list[ValueInfoProto]:
    """Return one (rows, size, size, 3) uint8 input, under the column's own name."""
    return [
        helper.make_tensor_value_info(c.name, TensorProto.UINT8, ["rows", c.size, c.size, 3])
        for c in schema.columns
    ]


def enter(graph: Graph, model: Model, output: str) -> None:
    """Add what turns the input into float32 (rows, size, size, 3) `output`."""
    graph.add("Cast", "image", output=output, to=TensorProto.FLOAT)
