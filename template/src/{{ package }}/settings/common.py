"""The sections of config.yaml that are the same for every task and framework."""

from pathlib import Path

from pydantic import BaseModel, Field


class Section(BaseModel, extra="forbid", frozen=True):
    """A part of config.yaml: unknown keys are errors, values never change."""


class Tune(Section):
    """How long to look for better hyperparameters."""

    trials: int = Field(20, ge=1)


class Paths(Section):
    """Where made files go."""

    runs: Path = Path("runs")
    processed: Path = Path("data/processed")
    schemas: Path = Path("data/schema")
