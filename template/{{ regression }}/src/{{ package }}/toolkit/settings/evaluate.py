"""The `evaluate` section of config.yaml."""

from typing import ClassVar, Literal

from pydantic import BaseModel, Field


class Evaluate(BaseModel, extra="forbid", frozen=True):
    """Which number decides, and how sure it has to be."""

    PROBLEM: ClassVar = "regression"

    primary: Literal["mae", "rmse", "r2", "median_absolute_error"] = "mae"
    resamples: int = Field(1000, ge=100)
