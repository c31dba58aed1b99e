"""The `evaluate` section of config.yaml."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, Field


class Evaluate(BaseModel, extra="forbid", frozen=True):
    """Which number decides, and how sure it has to be."""

    PROBLEM: ClassVar = "generation"

    primary: Literal["bits_per_byte"] = "bits_per_byte"
    resamples: int = Field(1000, ge=100)
    checks: Path | None = None
