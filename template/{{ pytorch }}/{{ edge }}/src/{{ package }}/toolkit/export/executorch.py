"""A network as an ExecuTorch program (.pte) for phones and boards, one row at a time."""

from pathlib import Path
from typing import Any

from ..tables.schema import Schema
from .encode import describe as describe
from .program import program_of_one
from .xnnpack import save

PACKAGES = ("executorch", "torch")  # their versions go into the contract


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.pte, which takes one row of the matrix of the contract.

    One row, since XNNPACK refused batches of 16 and more.
    """
    save(program_of_one(model), folder)
