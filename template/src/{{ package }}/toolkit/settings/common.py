"""Sections of config.yaml that every project has, and markers for settings that `tune` varies."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, Field


class Section(BaseModel, extra="forbid", frozen=True):
    """A part of config.yaml: unknown keys are errors, values are immutable."""


class ModelSettings(Section):
    """Settings of every model: its name, and the approximate duration of `run`, by name.

    Seconds on two cores: a fixed part, and a part for each 10,000 cells.
    """

    SECONDS: ClassVar[dict[str, tuple[float, float]]] = {}

    name: str


class Tune(Section):
    """Budget of the hyperparameter search."""

    trials: int = Field(20, ge=1)


class Monitor(Section):
    """When a difference from the training data counts as drift; `fdr`: false discovery rate."""

    fdr: float = Field(0.01, gt=0, lt=1)
    min_rows: int = Field(100, ge=20)
    window: int = Field(10_000, ge=20)
    ignore: list[str] = []


class Paths(Section):
    """Folders for generated files."""

    runs: Path = Path("runs")
    processed: Path = Path("data/processed")
    schemas: Path = Path("data/schema")


@dataclass(frozen=True)
class Search:
    """A range to search, on a logarithmic scale when `log` is set; for all models, or some."""

    low: float
    high: float
    log: bool = False
    models: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """Values to search, for all models or some."""

    values: tuple[str, ...]
    models: tuple[str, ...] = ()
