"""The `export` section of config.yaml."""

from pydantic import BaseModel, Field

from ..export.formats import Formats


class Export(BaseModel, extra="forbid", frozen=True):
    """What to convert to, and how exactly it has to agree with the model."""

    formats: Formats = ["onnx"]
    tolerance: float = Field(1e-4, gt=0)
