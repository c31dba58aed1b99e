"""What each step takes: its rows and its learning rate, functions of seed and step alone."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..config import Config
from ..toolkit.runs import UserError


@dataclass(frozen=True)
class Process:
    """One of the processes that train together: of a single one, by default."""

    rank: int = 0
    world: int = 1

    def sum(self, value: float) -> float:
        """Return the sum of the values of all processes."""
        return value


@dataclass(frozen=True)
class Part:
    """The rows of one forward pass; their loss is the sum of those of the rows times `weights`.

    inputs           (rows, ...), as the network takes them
    targets          (rows, ...), as the loss takes them
    weights          (rows,) float32; in training they sum to 1 over all the parts of a step
    teacher_outputs  what a teacher answers, float32, or None
    """

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    teacher_outputs: np.ndarray | None = None


class Plan:
    """The rows and the random seed of every step, as functions of seed and step alone.

    `order(epoch)` returns the rows of an epoch, of `count` in all.
    """

    def __init__(
        self, config: Config, count: int, order: Callable[[int], np.ndarray], process: Process
    ) -> None:
        settings, split = config.train, process.world * config.train.accumulate
        size = settings.batch(count)
        if size % split or count < split:
            raise UserError(
                f"train.batch_size: {size} of {count} rows can't be split among "
                f"{process.world} processes with train.accumulate {settings.accumulate}: "
                f"make it a multiple of {split}."
            )
        self.size = min(size, count - count % split)
        self.epoch = count // self.size  # steps
        self.steps = settings.epochs * self.epoch
        self.split = split
        self.rank, self.world = process.rank, process.world
        self.seeds = np.random.SeedSequence([config.seed, process.rank]).generate_state(self.steps)
        self.order = lru_cache(2)(order)  # two epochs, since workers load ahead

    def batch(self, step: int) -> np.ndarray:
        """Return the rows of a step, over all processes."""
        epoch, position = divmod(step, self.epoch)
        return self.order(epoch)[position * self.size :][: self.size]

    def micro_batches(self, step: int) -> list[np.ndarray]:
        """Return the rows of a step that this process takes, one array for each micro-batch."""
        return [self.batch(step)[n :: self.split] for n in range(self.rank, self.split, self.world)]


def schedule(step: int, steps: int, warmup: float) -> float:
    """Return the factor of the learning rate: linear warmup, then cosine decay to zero."""
    rise = max(1, round(warmup * steps))
    if step < rise:
        return (step + 1) / rise
    return (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise))) / 2
