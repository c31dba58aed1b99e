"""Estimate the duration of `run` from an earlier run, or from figures of the model."""

import csv
import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .config import BaseConfig
from .runs import say

LOG = "durations.csv"  # in the folder of runs: a line for each completed `run`
HEADER = "settings,cells,seconds"
PROBE, PROBE_SECONDS = 1_000_000, 0.04  # steps of a loop, and their time where SECONDS was measured


@dataclass(frozen=True)
class Duration:
    """An estimate of the duration of a run, before it trains.

    settings  hash of `model` and `train`: only runs with the same settings are comparable
    cells     training rows times columns, or times the properties measured of each
    shape     fixed seconds, and seconds for 10,000 cells; None for an unknown model
    log       file with the durations of earlier runs
    """

    settings: str
    cells: int
    shape: tuple[float, float] | None
    log: Path

    def expected(self) -> float | None:
        """Return the expected seconds of training, evaluation and export; None if unknown."""
        fixed, growing = self.shape or (0.0, 1.0)  # an unknown model: proportional to the rows
        guess = fixed + growing * self.cells / 10_000
        known = [line for line in self._lines() if line["settings"] == self.settings]
        if known:
            earlier = fixed + growing * int(known[-1]["cells"]) / 10_000
            return float(known[-1]["seconds"]) * guess / earlier
        return guess * _pace() if self.shape else None

    def announce(self) -> None:
        """Print the estimate."""
        seconds = self.expected()
        duration = _readable(seconds) if seconds else "known after the first run with this model"
        say("run", f"training, evaluation and export: {duration}")

    def save(self, seconds: float) -> None:
        """Append the measured duration, for the next run."""
        with self.log.open("a", encoding="utf-8", newline="\n") as file:
            if not file.tell():
                file.write(f"{HEADER}\n")
            file.write(f"{self.settings},{self.cells},{seconds:.1f}\n")

    def _lines(self) -> list[dict[str, str]]:
        if not self.log.exists():
            return []
        with self.log.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def of(config: BaseConfig) -> Duration:
    """Return the estimate for a run whose data is checked and profiled."""
    path = config.paths.processed / "data.json"
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    cells = manifest["splits"]["train"] * len(manifest["profile"]["columns"])
    parts = [section.model_dump_json() for section in (config.model, config.train)]
    settings = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    shape = config.model.SECONDS.get(config.model.name)
    if shape:  # one pass over the rows an epoch, one fit a fold of a bag
        passes = getattr(config.train, "epochs", 1) * getattr(config.train, "bag", 1)
        shape = shape[0], shape[1] * passes
    return Duration(settings, cells, shape, config.paths.runs / LOG)


def _pace() -> float:
    """Return the current speed of this machine: its time relative to that of SECONDS."""
    clock = time.perf_counter()
    sum(number * number for number in range(PROBE))
    return (time.perf_counter() - clock) / PROBE_SECONDS


def _readable(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min"
    return f"about {round(seconds / 3600)} h"
