"""The settings of `train` that depend on the machine and on PyTorch."""

from typing import Literal

from pydantic import BaseModel, Field


class Hardware(BaseModel, extra="forbid", frozen=True):
    """Where and how a network is computed."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    precision: Literal["float32", "bf16", "fp16"] = "float32"
    compile: bool = False
    deterministic: bool = True
    shard: bool = False
    threads: int | None = Field(None, ge=1)
