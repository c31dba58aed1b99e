"""The `export` section of config.yaml."""

from pydantic import BaseModel, Field

from ..export.formats import Formats


class Export(BaseModel, extra="forbid", frozen=True):
    """Which formats to export, and how closely they have to agree with the model."""

    formats: Formats = ["onnx"]
    tolerance: float = Field(1e-4, gt=0)
    max_drop: float = Field(0.01, ge=0)
