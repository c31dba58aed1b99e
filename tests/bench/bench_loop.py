"""Samples per second of the training loop against a bare one, Lightning's and transformers' Trainer.

    uv run --with-requirements requirements.txt python bench_loop.py EPOCHS [--rows=N] [--key=value ...]

Runs in the folder of a rendered PyTorch classification project; keys are those of config.yaml,
and N rows are made from the demo table.
All four train the same network on the same batches, with the same optimizer, schedule and clipping,
and validate after each epoch; the project's loop alone also writes its log and its checkpoints.
They take turns, epoch by epoch, so that a busy machine is fair to all; the first one does not
count. Ratios are medians, with the middle half. SystemExit if the validation losses differ.
"""

import logging
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Semaphore, Thread
from typing import Any

import numpy as np
import torch
from bench_train import MAKE
from peers import Stamp, labels, with_lightning, with_trainer
from tables import ratio
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

from my_model import config as configuration
from my_model import data, train
from my_model.model import Samples, build
from my_model.toolkit.runs import history
from my_model.training.learner import Learner
from my_model.training.objective import Objective
from my_model.training.parallel import Process
from my_model.training.plan import Plan, schedule
from my_model.training.rows import CHUNK, Rows

HERE = Process(device=torch.device("cuda" if torch.cuda.is_available() else "cpu"))


class Case:
    """What the four loops share."""

    def __init__(self, config: Any) -> None:
        self.config, self.splits, self.settings = config, data.load(config), config.train
        HERE.seed(config.seed)
        self.model, objective = build(config, self.splits), Objective(config, self.splits.train)
        self.objective = objective
        samples = Samples(self.model, self.splits.train.inputs, config)
        self.train = Rows(self.splits.train, samples, objective)
        self.val = Rows(self.splits.val, Samples(self.model, self.splits.val.inputs), objective)
        order = partial(self.train.order, seed=config.seed)
        self.plan = Plan(config, len(self.train.targets), order, HERE)
        self.chunks = [(0, c.numpy()) for c in torch.arange(len(self.val.targets)).split(CHUNK)]

    def start(self) -> tuple[nn.Module, torch.optim.Optimizer]:
        """Return the untrained network and its optimizer, as the project begins with them."""
        learner = Learner(self.model.network, self.objective, HERE)
        return learner.network, learner.optimizer

    def share(self, step: int) -> float:
        """Return the share of the learning rate."""
        return schedule(step, self.plan.steps, self.settings.warmup)

    def keys(self, epoch: int) -> list[tuple[int, Any]]:
        """Return epoch and rows of each of its batches."""
        first = epoch * self.plan.epoch
        return [(epoch, self.plan.batch(first + step)) for step in range(self.plan.epoch)]


def ours(case: Case, stamp: Stamp) -> None:
    """Train with the project's loop, its log and its checkpoints."""
    with tempfile.TemporaryDirectory() as name:
        log = history(Path(name), lambda step, metrics: stamp(metrics["val_loss"]))
        train.fit(case.config, case.splits, log, Path(name))


def bare(case: Case, stamp: Stamp) -> None:
    """Train with the loop that one writes first."""
    (network, optimizer), step = case.start(), 0
    samples, device = case.train.samples.batch, HERE.device
    for epoch in range(case.settings.epochs):
        for key in case.keys(epoch):
            for group in optimizer.param_groups:
                group["lr"] = case.settings.learning_rate * case.share(step)
            inputs, targets = torch.from_numpy(samples(*key)), labels(case.train, key)
            inputs, targets = inputs.to(device), targets.to(device)
            loss = cross_entropy(network(inputs), targets)
            loss.backward()
            clip_grad_norm_(network.parameters(), case.settings.clip_norm)
            optimizer.step()
            optimizer.zero_grad()
            step += 1
        stamp(val_loss(network.eval(), case.val, case.chunks))
        network.train()


@torch.no_grad()
def val_loss(network: nn.Module, rows: Rows, chunks: list[tuple[int, Any]]) -> float:
    """Return the mean loss of the validation rows."""

    def total(key: tuple[int, Any]) -> Tensor:
        logits = network(torch.from_numpy(rows.samples.batch(*key)).to(HERE.device))
        return cross_entropy(logits, labels(rows, key).to(HERE.device), reduction="sum")

    return float(sum(total(key) for key in chunks)) / len(rows.targets)


class Runner:
    """A loop in a thread of its own, which goes on for an epoch whenever it is its turn."""

    def __init__(self, loop: Callable[[Case, Stamp], None], case: Case) -> None:
        self.go, self.done, self.losses = Semaphore(0), Semaphore(0), []
        self.exact = loop is ours
        self.thread = Thread(target=self._run, args=(loop, case), daemon=True)
        self.thread.start()

    def turn(self) -> np.ndarray:
        """Return time and processor time that it took."""
        torch.use_deterministic_algorithms(self.exact, warn_only=True)
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


LOOPS = {"ours": ours, "bare": bare, "Lightning": with_lightning, "Trainer": with_trainer}


def main() -> None:
    """Print, for each other loop, how many times as fast the project's is."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    options = dict(word.removeprefix("--").split("=", 1) for word in sys.argv[2:])
    options |= {"train.epochs": sys.argv[1], "train.patience": sys.argv[1], "model.dropout": "0"}
    with tempfile.TemporaryDirectory() as folder:
        if rows := options.pop("rows", ""):
            options |= made(Path(folder) / "rows.csv", rows)
        case = Case(configuration.load(Path("config.yaml"), options))
    runners = {name: Runner(loop, case) for name, loop in LOOPS.items()}
    turns = range(case.settings.epochs)
    times = np.array([[runner.turn() for runner in runners.values()] for _ in turns])[1:]
    losses = {name: runner.losses[-1] for name, runner in runners.items()}
    if max(losses.values()) > 1.02 * min(losses.values()) + 1e-3:
        raise SystemExit(f"the loops train differently: {losses}")
    speeds = case.plan.epoch * case.plan.size / times  # (epochs, loops, clocks)
    count, steps = len(case.train.targets), case.plan.epoch
    print(f"\n{case.config.model.name}, {count:,} training rows, {steps} steps an epoch\n")
    print(f"{'loop':>10} {'samples/s':>10} {'ours, times as fast':>20} {'by processor time':>20}")
    for number, name in enumerate(LOOPS):
        time_, processor = (ratio(r) for r in (speeds[:, 0] / speeds[:, number]).T)
        print(f"{name:>10} {np.median(speeds[:, number, 0]):>10,.0f} {time_:>20} {processor:>20}")


if __name__ == "__main__":
    main()
