"""The mark of a setting that `tune` may vary."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Search:
    """A range to search, on a logarithmic scale when `log` is set; for all models, or some."""

    low: float
    high: float
    log: bool = False
    models: tuple[str, ...] = ()
