"""The settings of `train` that depend on the machine and on TensorFlow."""

from typing import Literal

from pydantic import BaseModel, Field


class Hardware(BaseModel, extra="forbid", frozen=True):
    """Where and how a network is computed."""

    device: Literal["auto", "cpu", "gpu"] = "auto"
    precision: Literal["float32", "bf16"] = "float32"
    deterministic: bool = True
    threads: int | None = Field(None, ge=1)
