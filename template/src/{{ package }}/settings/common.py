"""The sections of config.yaml that are the same for every task and framework."""

from pathlib import Path

from pydantic import BaseModel, Field


class Section(BaseModel, extra="forbid", frozen=True):
    """A part of config.yaml: unknown keys are errors, values never change."""


class Tune(Section):
    """How long to look for better hyperparameters."""

    trials: int = Field(20, ge=1)


class Monitor(Section):
    """When a difference from the training data counts as drift."""

    q: float = Field(0.01, gt=0, lt=1)
    min_rows: int = Field(100, ge=20)
    window: int = Field(10_000, ge=20)
    ignore: list[str] = []


class Paths(Section):
    """Where made files go."""

    runs: Path = Path("runs")
    processed: Path = Path("data/processed")
    schemas: Path = Path("data/schema")
