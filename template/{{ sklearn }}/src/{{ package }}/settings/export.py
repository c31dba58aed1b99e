"""The `export` section of config.yaml."""

from typing import Literal

from pydantic import BaseModel, Field


class Export(BaseModel, extra="forbid", frozen=True):
    """What to convert to, and how exactly it has to agree with the model."""

    formats: list[Literal["onnx"]] = ["onnx"]
    tolerance: float = Field(1e-4, gt=0)
