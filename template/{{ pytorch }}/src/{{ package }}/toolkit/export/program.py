"""The network as a graph without Python, the input of converters for devices."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram, export

from .encode import MAX_ROWS, example


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
