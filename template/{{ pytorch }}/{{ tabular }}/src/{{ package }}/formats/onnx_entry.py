"""From raw columns to what the network takes, as ONNX nodes."""

from ..model import Model
from .onnx_features import inputs, matrix
from .onnx_graph import Graph

__all__ = ["enter", "inputs"]


def enter(graph: Graph, model: Model, output: str) -> None:
    """Add what turns the inputs into float32 (rows, features) `output`."""
    matrix(graph, model.features, output)
