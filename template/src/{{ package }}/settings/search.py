"""The marks of settings that `tune` may vary."""

from dataclasses import dataclass


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
