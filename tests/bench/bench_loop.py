"""Samples per second of the training loop beside a bare one, Lightning's and transformers' Trainer.

    uv run --with-requirements requirements.txt python bench_loop.py EPOCHS [--key=value ...]

Runs in the folder of a rendered PyTorch project that tells classes; keys are those of config.yaml.
All four train the same network on the same batches, with the same optimizer, schedule and clipping,
and validate after each epoch; the project's loop alone also writes its log and its checkpoints. The
first epoch does not count. They take turns, so that a busy machine is fair to all; processor time
varies less there than time. SystemExit if the four end with different validation losses.
"""

import copy
import logging
import statistics
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
from my_model import config as configuration
from my_model import data, runs, train
from my_model.model import Samples, build
from my_model.training.objective import Objective
from my_model.training.parallel import Place
from my_model.training.rows import CHUNK, Plan, Rows, schedule
from my_model.training.state import State
from peers import Curve, stamp, with_lightning, with_trainer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

ROUNDS = 5
HERE = Place(torch.device("cpu"), 0, 1)


class Case:
    """What the four loops share."""

    def __init__(self, config: Any) -> None:
        self.config, self.splits, self.settings = config, data.load(config), config.train
        train._seed(HERE.device, config.seed, -1)
        self.model, objective = build(config, self.splits), Objective(config, self.splits.train)
        samples = Samples(self.model, self.splits.train.inputs, config)
        self.train = Rows(self.splits.train, samples, objective)
        self.val = Rows(self.splits.val, Samples(self.model, self.splits.val.inputs), objective)
        self.plan = Plan(config, self.train, HERE)
        self.chunks = [(0, c.numpy()) for c in torch.arange(len(self.val.targets)).split(CHUNK)]

    def start(self) -> tuple[nn.Module, torch.optim.Optimizer]:
        """Return the untrained network and its optimizer, as the project begins with them."""
        torch.use_deterministic_algorithms(False)
        state = State(copy.deepcopy(self.model.network), self.settings, HERE)
        state.set_rate(self.settings.learning_rate, {})
        return state.network, state.optimizer

    def share(self, step: int) -> float:
        """Return the share of the learning rate."""
        return schedule(step, self.plan.steps, self.settings.warmup)

    def keys(self, epoch: int) -> list[tuple[int, Any]]:
        """Return epoch and rows of each of its batches."""
        first = epoch * self.plan.epoch
        return [(epoch, self.plan.batch(first + step)) for step in range(self.plan.epoch)]


def ours(case: Case) -> Curve:
    """Train with the project's loop, its log and its checkpoints."""
    curve: Curve = []
    with tempfile.TemporaryDirectory() as name:
        log = runs.history(Path(name), lambda step, m: curve.append(stamp(m["val_loss"])))
        train.fit(case.config, case.splits, log, Path(name))
    return curve


def bare(case: Case) -> Curve:
    """Train with the loop that one writes first."""
    (network, optimizer), curve, step = case.start(), [], 0
    samples, targets = case.train.samples.__getitems__, case.train.targets
    for epoch in range(case.settings.epochs):
        for key in case.keys(epoch):
            for group in optimizer.param_groups:
                group["lr"] = case.settings.learning_rate * case.share(step)
            loss = cross_entropy(network(samples(key)), targets[key[1]])
            loss.backward()
            clip_grad_norm_(network.parameters(), case.settings.clip_norm)
            optimizer.step()
            optimizer.zero_grad()
            step += 1
        curve.append(stamp(val_loss(network.eval(), case.val, case.chunks)))
        network.train()
    return curve


@torch.no_grad()
def val_loss(network: nn.Module, rows: Rows, chunks: list[tuple[int, Any]]) -> float:
    """Return the mean loss of the validation rows."""

    def total(key: tuple[int, Any]) -> Tensor:
        logits = network(rows.samples.__getitems__(key))
        return cross_entropy(logits, rows.targets[key[1]], reduction="sum")

    return float(sum(total(key) for key in chunks)) / len(rows.targets)


LOOPS = {"ours": ours, "bare": bare, "Lightning": with_lightning, "Trainer": with_trainer}


def speeds(case: Case, curve: Curve) -> tuple[float, float]:
    """Return samples per second of time, and of processor time."""
    samples = (len(curve) - 1) * case.plan.epoch * case.plan.size
    return tuple(samples / (curve[-1][clock] - curve[0][clock]) for clock in (0, 1))


def turn(case: Case) -> dict[str, tuple[float, float]]:
    """Let each loop train once."""
    curves = {name: loop(case) for name, loop in LOOPS.items()}
    losses = {name: curve[-1][2] for name, curve in curves.items()}
    if max(losses.values()) > 1.02 * min(losses.values()):
        raise SystemExit(f"the loops train differently: {losses}")
    return {name: speeds(case, curve) for name, curve in curves.items()}


def main() -> None:
    """Print, for each other loop, how many times as fast the project's is."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    options = dict(word.removeprefix("--").split("=", 1) for word in sys.argv[2:])
    fixed = {"train.epochs": sys.argv[1], "train.patience": sys.argv[1], "model.dropout": "0"}
    case = Case(configuration.load(Path("config.yaml"), options | fixed))
    turns = [turn(case) for _ in range(ROUNDS + 1)][1:]  # the first one warms up
    name, rows = case.config.model.name, len(case.train.targets)
    print(f"\n{name}, {rows:,} training rows, {case.plan.epoch} steps an epoch\n")
    print(f"{'loop':>10} {'samples/s':>10} {'ours, times as fast':>20} {'by processor time':>20}")
    for name in LOOPS:
        speed = statistics.median(each[name][0] for each in turns)
        ratios = [ratio([e["ours"][clock] / e[name][clock] for e in turns]) for clock in (0, 1)]
        print(f"{name:>10} {speed:>10,.0f} {ratios[0]:>20} {ratios[1]:>20}", flush=True)


def ratio(values: list[float]) -> str:
    """Return the median, and the range."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
