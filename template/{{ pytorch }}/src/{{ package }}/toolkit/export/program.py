"""The network as a graph without Python, the input of converters for devices."""

import logging
from typing import Any

import torch
from onnx import ModelProto
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram, export

from .encode import MAX_ROWS, example
from .onnx_graph import OPSETS

PACKAGES = ("onnxscript", "torch")  # that convert to ONNX


class Answering(nn.Module):
    """The network for inference: `matrix` to probabilities (rows, classes) or values (rows,)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.network = model.answering()

    def forward(self, matrix: Tensor) -> Tensor:
        """Name the input as the contract does."""
        return self.network(matrix)


def tensors(model: Any, rows: int) -> tuple[Tensor]:
    """Return an input of that many rows; converters use its shape alone."""
    return (torch.from_numpy(example(model, rows)),)


def program(model: Any) -> ExportedProgram:
    """Trace the network for 1 to MAX_ROWS rows."""
    rows = Dim("rows", min=1, max=MAX_ROWS)
    return export(Answering(model).eval(), tensors(model, 3), dynamic_shapes=({0: rows},))


def program_of_one(model: Any) -> ExportedProgram:
    """Trace the network for a single row, for runtimes whose shapes are fixed."""
    return export(Answering(model).eval(), tensors(model, 1))


def onnx(model: Any) -> ModelProto:
    """Return the network as an ONNX model of one input and one output."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses an unused library
    converted = torch.onnx.export(
        model.answering(),
        tensors(model, 2),
        dynamo=True,
        dynamic_shapes=({0: Dim("rows")},),
        opset_version=OPSETS[""],
        verbose=False,
    )
    assert converted is not None  # never None with dynamo
    return converted.model_proto
