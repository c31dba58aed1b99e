"""The `evaluate` section of config.yaml."""

from typing import ClassVar, Literal

from pydantic import BaseModel, Field


class Evaluate(BaseModel, extra="forbid", frozen=True):
    """Which number decides, and how sure it has to be."""

    PROBLEM: ClassVar = "classification"

    primary: Literal[
        "average_precision", "roc_auc", "f1_macro", "balanced_accuracy", "log_loss"
    ] = "average_precision"
    positive: str | None = None
    resamples: int = Field(1000, ge=100)
