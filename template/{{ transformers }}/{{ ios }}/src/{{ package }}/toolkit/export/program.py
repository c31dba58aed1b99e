"""The network as an exported graph, the input of converters for devices."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram, export

from .encode import MAX_ROWS, example


class DeviceNetwork(nn.Module):
    """Take float32 `matrix` (rows, max_tokens), return probabilities (rows, classes)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.network = model.inference_network()

    def forward(self, matrix: Tensor) -> Tensor:
        """Name the input as in the contract, and convert the ids to integers."""
        return self.network(matrix.long())


def program(model: Any) -> ExportedProgram:
    """Trace the network for 1 to MAX_ROWS rows."""
    rows, inputs = Dim("rows", min=1, max=MAX_ROWS), torch.from_numpy(example(model, 3))
    return export(DeviceNetwork(model).eval(), (inputs,), dynamic_shapes=({0: rows},))
