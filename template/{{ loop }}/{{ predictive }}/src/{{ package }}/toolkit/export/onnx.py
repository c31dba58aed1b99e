"""A network as one ONNX file: raw inputs in, probabilities and label (or values) out."""

from pathlib import Path
from typing import Any

from onnx import compose

from ..tables.schema import Schema
from . import program
from .onnx_graph import Graph, free_prefix, write

PACKAGES = ("onnx", "onnxruntime", *program.PACKAGES)  # their versions go into the contract


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.onnx, whose inputs are those of the contract."""
    graph = Graph(free_prefix("node", [column.name for column in schema.columns]))
    network = compose.add_prefix(program.onnx(model), f"{graph.prefix}_").graph
    model.onnx(graph, network.input[0].name)
    graph.include(network)
    write(graph, model.onnx_inputs(schema), network.output[0].name, schema, threshold, folder)
