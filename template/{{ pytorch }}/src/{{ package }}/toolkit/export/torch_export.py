"""A network as a PyTorch export (.pt2): it loads without this project, but needs PyTorch."""

from pathlib import Path
from typing import Any

import torch

from ..tables.schema import Schema
from .encode import describe as describe
from .program import program

PACKAGES = ("torch",)  # their versions go into the contract


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.pt2, which takes the matrix of the contract, 1 to MAX_ROWS rows."""
    torch.export.save(program(model), folder / "model.pt2")
