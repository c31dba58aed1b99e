"""About how long `run` takes: by an earlier run, or by figures that come with the model."""

import csv
import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .config import BaseConfig
from .runs import say

LOG = "durations.csv"  # beside the runs: a line for each `run` that ended well
HEADER = "settings,cells,seconds"
PROBE, PROBE_SECONDS = 1_000_000, 0.04  # steps of a loop, and their time where SECONDS was measured


@dataclass(frozen=True)
class Duration:
    """What is known of a run before it trains.

    settings  names `model` and `train`: a run of others says nothing of this one
    cells     training rows times columns, or times the properties measured of each
    shape     seconds whatever the rows, and seconds for 10,000 cells; None for an unknown model
    log       where earlier ones are
    """

    settings: str
    cells: int
    shape: tuple[float, float] | None
    log: Path

    def expected(self) -> float | None:
        """Return the seconds that training, evaluation and export take; None if nothing tells."""
        fixed, growing = self.shape or (0.0, 1.0)  # of an unknown model: in step with the rows
        guess = fixed + growing * self.cells / 10_000
        known = [line for line in self._lines() if line["settings"] == self.settings]
        if known:
            least = fixed + growing * int(known[-1]["cells"]) / 10_000
            return float(known[-1]["seconds"]) * guess / least
        return guess * _pace() if self.shape else None

    def announce(self) -> None:
        """Say it."""
        seconds = self.expected()
        told = _readable(seconds) if seconds else "known after the first run with this model"
        say("run", f"training, evaluation and export: {told}")

    def save(self, seconds: float) -> None:
        """Add what it took, for the next run."""
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
    """Return what is known of a run whose data is checked and profiled."""
    path = config.paths.processed / "data.json"
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    cells = manifest["splits"]["train"] * len(manifest["profile"]["columns"])
    parts = [section.model_dump_json() for section in (config.model, config.train)]
    settings = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    shape = config.model.SECONDS.get(config.model.name)
    if shape:  # a network passes over the rows once an epoch, a bag is fitted once a fold
        passes = getattr(config.train, "epochs", 1) * getattr(config.train, "bag", 1)
        shape = shape[0], shape[1] * passes
    return Duration(settings, cells, shape, config.paths.runs / LOG)


def _pace() -> float:
    """Return how many times as long this machine takes, as busy as it is, as the one of SECONDS."""
    clock = time.perf_counter()
    sum(number * number for number in range(PROBE))
    return (time.perf_counter() - clock) / PROBE_SECONDS


def _readable(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min"
    return f"about {round(seconds / 3600)} h"
