"""A network as a traced TorchScript file (.pt), for servers that load no other.

PyTorch itself recommends `torch_export` instead: TorchScript is no longer developed, and its files
contain pickled data, which `torch.jit.load` reads without running code of its own.
"""

from pathlib import Path
from typing import Any

import torch

from ..tables.schema import Schema
from .encode import describe as describe
from .program import Answering, tensors
from .quiet import quietly

PACKAGES = ("torch",)  # their versions go into the contract


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.pt, which takes the matrix of the contract, any number of rows."""
    with quietly(), torch.no_grad():
        traced = torch.jit.trace(Answering(model).eval(), tensors(model, 3))
        torch.jit.save(torch.jit.freeze(traced), folder / "model.pt")
