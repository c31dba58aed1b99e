"""The settings of `train` that depend on the machine and on JAX."""

from typing import Literal

from pydantic import BaseModel


class Hardware(BaseModel, extra="forbid", frozen=True):
    """Where and how a network is computed."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["float32", "bf16"] = "float32"
    deterministic: bool = True
