"""A network as one ONNX file: raw inputs in, probabilities and label (or values) out."""

import logging
from pathlib import Path
from typing import Any

import torch
from onnx import GraphProto, compose

from ..tables.schema import Schema
from .onnx_graph import OPSETS, Graph, free_prefix, write
from .program import tensors

PACKAGES = ("onnx", "onnxruntime", "onnxscript", "torch")  # their versions go into the contract


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.onnx, whose inputs are those of the contract."""
    graph = Graph(free_prefix("node", [column.name for column in schema.columns]))
    network = _network(model, graph.prefix)
    model.onnx(graph, network.input[0].name)
    graph.include(network)
    write(graph, model.onnx_inputs(schema), network.output[0].name, schema, threshold, folder)


def _network(model: Any, prefix: str) -> GraphProto:
    """Convert the network; every name starts with `prefix`."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses an unused library
    program = torch.onnx.export(
        model.answering(),
        tensors(model, 2),
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("rows")},),
        opset_version=OPSETS[""],
        verbose=False,
    )
    assert program is not None  # never None with dynamo
    return compose.add_prefix(program.model_proto, f"{prefix}_").graph
