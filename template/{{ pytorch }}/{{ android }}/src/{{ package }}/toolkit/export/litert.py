"""A network as a LiteRT file (.tflite) for Android and small boards, one row at a time."""

from pathlib import Path
from typing import Any

from ..tables.schema import Schema
from .encode import describe as describe
from .program import Answering, tensors
from .quiet import quietly

with quietly():
    import litert_torch

PACKAGES = ("litert-torch", "torch")  # their versions go into the contract


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.tflite, which takes one row of the matrix of the contract."""
    with quietly():
        converted = litert_torch.convert(Answering(model).eval(), tensors(model, 1))
        converted.export(str(folder / "model.tflite"))
