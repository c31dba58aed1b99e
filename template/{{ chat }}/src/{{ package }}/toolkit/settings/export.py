"""The `export` section of config.yaml."""

from pydantic import BaseModel, Field

from ..export.formats import Formats


class Export(BaseModel, extra="forbid", frozen=True):
    """Formats to convert to, and how closely they must agree with the model."""

    formats: Formats = ["gguf"]
    tolerance: float = Field(0.01, gt=0)
    max_drop: float = Field(0.02, ge=0)
