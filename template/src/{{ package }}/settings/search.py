"""The mark of a setting that `tune` may vary."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Search:
    """A range to search, on a logarithmic scale when `log` is set."""

    low: float
    high: float
    log: bool = False
