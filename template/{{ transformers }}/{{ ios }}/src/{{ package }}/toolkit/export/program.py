"""The network as a graph without Python, which converters for devices start from."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram, export

from .encode import MAX_ROWS, example


class Reading(nn.Module):
    """Take float32 `matrix` (rows, max_tokens), return probabilities (rows, classes)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.answering = model.answering()

    def forward(self, matrix: Tensor) -> Tensor:
        """Give the input the name that the contract promises, and its numbers their type."""
        return self.answering(matrix.long())


def program(model: Any) -> ExportedProgram:
    """Trace the network for 1 to MAX_ROWS rows."""
    rows, inputs = Dim("rows", min=1, max=MAX_ROWS), torch.from_numpy(example(model, 3))
    return export(Reading(model).eval(), (inputs,), dynamic_shapes=({0: rows},))
