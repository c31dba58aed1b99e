"""The progress of a training run, and its checkpoints: one safetensors file, without pickle."""

import json
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ..settings.train import Train
from ..toolkit.runs import UserError, replacing
from .plan import Process

SAVED = ("step", "steps", "loss", "waited", "best")
BEST = "best."  # prefix of the best weights in a checkpoint; the learner's have others

WAY_OUT = "train again without --resume"


class Learner(Protocol):
    """What changes in training, by name: weights, running statistics, state of the optimizer."""

    def tensors(self) -> dict[str, np.ndarray]:
        """Return it."""

    def load(self, arrays: dict[str, np.ndarray]) -> None:
        """Set it to what `tensors` returned; KeyError if it is of another network."""


class Progress:
    """How far training is, its losses so far, and the best weights."""

    def __init__(self, settings: Train, process: Process) -> None:
        self.settings, self.process = settings, process
        self.step, self.waited, self.best = 0, 0, float("inf")  # waited: epochs without a new best
        self.best_weights: dict[str, np.ndarray] = {}  # in the first process alone
        self.loss, self.steps = 0.0, 0  # of this epoch
        self.rate, self.norm = 0.0, 0.0
        self.clock = self.saved = time.perf_counter()

    def advance(self, loss: Any, norm: Any, rate: float) -> None:
        """Count a step.

        Its loss and its gradient norm are numbers of the framework, which may still be computing
        them: they are read at the end of the epoch.
        """
        self.step, self.steps = self.step + 1, self.steps + 1
        self.loss, self.norm, self.rate = self.loss + loss, norm, rate

    def metrics(self, val_loss: float, batch: int) -> dict[str, float]:
        """Return the metrics of an epoch for the log, and start the next one."""
        loss = self.process.sum(float(self.loss)) / self.process.world / self.steps
        seconds, steps = time.perf_counter() - self.clock, self.steps
        self.loss, self.steps, self.clock = 0.0, 0, time.perf_counter()
        return {
            "train_loss": loss,
            "val_loss": val_loss,
            "learning_rate": self.rate,
            "gradient_norm": float(self.norm),
            "samples_per_second": steps * batch / seconds,
        }

    def improves(self, val_loss: float) -> bool:
        """Return whether the loss is a new minimum, by more than the tolerance, and record it."""
        if val_loss < self.best - self.settings.tolerance:
            self.best, self.waited = val_loss, 0
            return True
        self.waited += 1
        return False

    def save(self, learner: Learner, path: Path) -> None:
        """Write everything that `resume` needs; the rest is a function of seed and step."""
        self.loss = float(self.loss)
        progress = json.dumps({name: getattr(self, name) for name in SAVED})
        tensors = learner.tensors() | {BEST + n: value for n, value in self.best_weights.items()}
        if self.process.rank == 0:
            with replacing(path) as scratch:
                save_file(tensors, scratch, {"progress": progress})
        self.saved = time.perf_counter()

    def resume(self, learner: Learner, path: Path) -> None:
        """Resume from a checkpoint, if there is one."""
        if not path.exists():
            return
        try:
            with safe_open(path, "numpy") as file:
                saved = json.loads(file.metadata()["progress"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            for name in SAVED:
                setattr(self, name, saved[name])
            best = {name for name in tensors if name.startswith(BEST)}
            self.best_weights = {name.removeprefix(BEST): tensors.pop(name) for name in best}
            learner.load(tensors)
        except SafetensorError as error:
            raise UserError(f"{path} is damaged ({error}): {WAY_OUT}.") from None
        except (KeyError, ValueError) as error:
            reason = f"is of another network or version ({error})"
            raise UserError(f"{path} {reason}: {WAY_OUT}.") from None
