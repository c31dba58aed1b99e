"""Estimate how long `run` takes, from an earlier run or from reference times of the model."""

import csv
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .config import BaseConfig
from .runs import appending, read_json, say, write_text

LOG = "durations.csv"  # in the folder of all runs: a line for each successful `run`
HEADER = "settings,cells,seconds"
PROBE, PROBE_SECONDS = 1_000_000, 0.04  # loop steps, and their time on the reference machine


@dataclass(frozen=True)
class Duration:
    """The facts from which the duration of a run is estimated.

    settings  hash of `model` and `train`: only runs with the same one are comparable
    cells     training rows times columns, or times the properties measured of each row
    shape     constant seconds, and seconds for 10,000 cells; None for an unknown model
    log       durations of earlier runs
    """

    settings: str
    cells: int
    shape: tuple[float, float] | None
    log: Path

    def expected(self) -> float | None:
        """Return the estimated seconds of training, evaluation and export, None if unknown."""
        fixed, growing = self.shape or (0.0, 1.0)  # an unknown model: proportional to the cells
        reference = fixed + growing * self.cells / 10_000
        comparable = [line for line in self._lines() if line["settings"] == self.settings]
        if comparable:
            last = comparable[-1]
            earlier = fixed + growing * int(last["cells"]) / 10_000
            return float(last["seconds"]) * reference / earlier
        return reference * _pace() if self.shape else None

    def announce(self) -> None:
        """Print the estimate."""
        seconds = self.expected()
        estimate = _readable(seconds) if seconds else "known after the first run with this model"
        say("run", f"training, evaluation and export: {estimate}")

    def save(self, seconds: float) -> None:
        """Log the actual seconds for the next estimate."""
        if not self.log.exists():
            write_text(self.log, f"{HEADER}\n")
        with appending(self.log) as file:
            file.write(f"{self.settings},{self.cells},{seconds:.1f}\n".encode())

    def _lines(self) -> list[dict[str, str]]:
        if not self.log.exists():
            return []
        with self.log.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def of(config: BaseConfig) -> Duration:
    """Return the facts of a run whose data is checked and profiled."""
    path = config.paths.processed / "data.json"
    manifest: dict[str, Any] = read_json(path)
    cells = manifest["splits"]["train"] * len(manifest["profile"]["columns"])
    parts = [section.model_dump_json() for section in (config.model, config.train)]
    settings = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    shape = config.model.SECONDS.get(config.model.name)
    if shape:  # a network passes over the rows once per epoch, a bag is fitted once per fold
        passes = getattr(config.train, "epochs", 1) * getattr(config.train, "bag", 1)
        shape = shape[0], shape[1] * passes
    return Duration(settings, cells, shape, config.paths.runs / LOG)


def _pace() -> float:
    """Return how much slower this machine is, under its current load, than the reference."""
    clock = time.perf_counter()
    sum(number * number for number in range(PROBE))
    return (time.perf_counter() - clock) / PROBE_SECONDS


def _readable(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min"
    return f"about {round(seconds / 3600)} h"
