"""Samples per second of the training loop, against a bare one and those of the framework's users.

    uv run python bench_loop.py FRAMEWORK EPOCHS [--rows=N] [--key=value ...]

Runs in the folder of a rendered classification project of that framework, with requirements.txt
if it is pytorch; keys are those of config.yaml, and N rows are made from the demo table.
All loops train the same network on the same batches, with the same optimizer, schedule and
clipping, and validate after each epoch; the project's loop alone also writes its log and its
checkpoints. They take turns, epoch by epoch, so that a busy machine is fair to all; the first one,
in which functions are compiled, does not count. Ratios are medians, with the middle half.
SystemExit if the validation losses differ.
"""

import importlib
import logging
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from threading import Semaphore, Thread
from typing import Any

import numpy as np
from bench_train import MAKE
from cases import Case, Stamp
from tables import ratio

from my_model import config as configuration
from my_model import train
from my_model.toolkit.runs import history


def ours(case: Case, stamp: Stamp) -> None:
    """Train with the project's loop, its log and its checkpoints."""
    with tempfile.TemporaryDirectory() as name:
        log = history(Path(name), lambda step, metrics: stamp(metrics["val_loss"]))
        train.fit(case.config, case.splits, log, Path(name))


class Runner:
    """A loop in a thread of its own, which goes on for an epoch whenever it is its turn."""

    def __init__(self, loop: Callable[[Case, Stamp], None], case: Case) -> None:
        self.go, self.done, self.losses = Semaphore(0), Semaphore(0), []
        self.exact = loop is ours
        self.thread = Thread(target=self._run, args=(loop, case), daemon=True)
        self.thread.start()

    def turn(self) -> np.ndarray:
        """Return time and processor time that it took."""
        if not self.thread.is_alive():
            raise SystemExit("a loop has ended early")
        started = time.perf_counter(), time.process_time()
        self.go.release()
        self.done.acquire()
        return np.subtract((time.perf_counter(), time.process_time()), started)

    def stamp(self, loss: float) -> None:
        """End an epoch with its validation loss."""
        self.losses.append(loss)
        self.done.release()
        self.go.acquire()

    def _run(self, loop: Callable[[Case, Stamp], None], case: Case) -> None:
        self.go.acquire()
        try:
            loop(case, self.stamp)
        finally:
            self.done.release()


def made(file: Path, rows: str) -> dict[str, str]:
    """Make rows from the demo table; return the settings that read them."""
    subprocess.run([sys.executable, "-c", MAKE, file, rows], check=True)
    return {"data.path": str(file), "data.target": "damage", "data.drop": "[]"}


def main() -> None:
    """Print, for each other loop, how many times as fast the project's is."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    others: Any = importlib.import_module(f"loops_{sys.argv[1]}")
    loops: dict[str, Callable[[Case, Stamp], None]] = {"ours": ours, **others.LOOPS}
    options = dict(word.removeprefix("--").split("=", 1) for word in sys.argv[3:])
    options |= {"train.epochs": sys.argv[2], "train.patience": sys.argv[2], "model.dropout": "0"}
    with tempfile.TemporaryDirectory() as folder:
        if rows := options.pop("rows", ""):
            options |= made(Path(folder) / "rows.csv", rows)
        case = Case(configuration.load(Path("config.yaml"), options))
    runners = {name: Runner(loop, case) for name, loop in loops.items()}
    times = []
    for _ in range(case.settings.epochs):
        times.append([])
        for runner in runners.values():
            others.exactly(runner.exact)
            times[-1].append(runner.turn())
    losses = {name: runner.losses[-1] for name, runner in runners.items()}
    if max(losses.values()) > 1.02 * min(losses.values()) + 1e-3:
        raise SystemExit(f"the loops train differently: {losses}")
    spent = np.array(times)[1:]  # (epochs, loops, clocks)
    speeds, steps = case.plan.epoch * case.plan.size / spent, case.plan.epoch
    print(
        f"\n{case.config.model.name}, {len(case.train.targets):,} training rows, {steps} steps an epoch\n"
    )
    print(
        f"{'loop':>10} {'samples/s':>10} {'CPU ms a step':>14} {'ours, times as fast':>20} {'by processor time':>20}"
    )
    for number, name in enumerate(loops):
        time_, processor = (ratio(r) for r in (speeds[:, 0] / speeds[:, number]).T)
        speed, cost = np.median(speeds[:, number, 0]), np.median(spent[:, number, 1]) / steps * 1e3
        print(f"{name:>10} {speed:>10,.0f} {cost:>14.2f} {time_:>20} {processor:>20}")


if __name__ == "__main__":
    main()
