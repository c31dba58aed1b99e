"""The `evaluate` section of config.yaml."""

from typing import Literal

from pydantic import BaseModel, Field


class Evaluate(BaseModel, extra="forbid", frozen=True):
    """Which number decides, and how sure it has to be."""

    primary: Literal["mae", "rmse", "r2", "median_absolute_error"] = "mae"
    resamples: int = Field(1000, ge=100)
