"""The network as a graph without Python."""

from typing import Any

import jax
from flax import nnx
from jax2onnx import to_onnx
from onnx import ModelProto

from .encode import example
from .onnx_graph import OPSETS
from .quiet import quietly

PACKAGES = ("flax", "jax", "jax2onnx")  # that convert to ONNX


def onnx(model: Any) -> ModelProto:
    """Return the network as an ONNX model of one input and one output."""
    network: Any = model.answering()
    graph, state = nnx.split(network)

    def answer(matrix: Any) -> Any:
        return nnx.merge(graph, state)(matrix)

    shape = ("rows", *example(model, 1).shape[1:])
    with quietly(), jax.disable_jit():  # jax2onnx misses functions compiled apart
        converted: ModelProto = to_onnx(answer, [shape], opset=OPSETS[""])
    return converted
