"""Sections of config.yaml that every project has, and markers for settings that `tune` varies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, Field, field_validator


class Section(BaseModel, extra="forbid", frozen=True):
    """A part of config.yaml: unknown keys are errors, values are immutable."""


class ModelSettings(Section):
    """Settings of every model: its name, and the approximate duration of `run`, by name.

    Seconds on two cores: a fixed part, and a part for each 10,000 cells; None if unknown.
    """

    SECONDS: ClassVar[Mapping[str, tuple[float, float] | None]] = {}

    name: str


@dataclass(frozen=True)
class Metric:
    """A metric of the project's own: `function(targets, predictions, decisions, weights)`.

    targets      (rows,) label codes from 0, of two classes 1 is the positive one; or values
    predictions  (rows, classes) probabilities, or (rows,) values
    decisions    (rows,) label codes at the threshold, or values
    weights      (rows,) how often each row counts, such as in a bootstrap resample
    """

    function: Callable[[Any, Any, Any, Any], float]
    greater_is_better: bool = True


class EvaluateSettings(Section):
    """What every `evaluate` section has: the primary metric, of the toolkit or of the project."""

    PROBLEM: ClassVar[str]
    CHOICES: ClassVar[tuple[str, ...]]
    OWN: ClassVar[Mapping[str, Metric]] = {}

    primary: str
    resamples: int = Field(1000, ge=100)

    @field_validator("primary")
    @classmethod
    def _known(cls, name: str) -> str:
        known = (*cls.CHOICES, *cls.OWN)
        if name not in known:
            raise ValueError(f"{name} is not one of {', '.join(known)}")
        return name


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
    models: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Choice:
    """Values to search, for all models or some."""

    values: tuple[str, ...]
    models: tuple[str, ...] | None = None
