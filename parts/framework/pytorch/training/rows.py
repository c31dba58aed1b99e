"""Which rows each step trains on, and what their loss is."""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from ..config import Config
from ..data import Split
from ..model import Samples
from ..runs import UserError
from .objective import Objective
from .parallel import Place

CHUNK = 1024  # rows at once where no gradient is needed


class Rows:
    """The rows of a split: inputs, targets and weights."""

    def __init__(self, split: Split, samples: Samples, objective: Objective) -> None:
        self.samples, self.losses = samples, objective.losses
        self.targets, self.weights = split.targets, objective.weights(split.targets)
        self.balance = objective.balance(split.targets)

    def loss(self, outputs: Tensor, part: np.ndarray, weight: float = 1.0) -> Tensor:
        """Return the weighted sum of the losses of rows `part`, divided by `weight`."""
        values = self.targets[part], self.weights[part] / np.float32(weight)
        targets, weights = (torch.from_numpy(array).to(outputs.device) for array in values)
        return self.losses(outputs.float(), targets) @ weights

    def weight(self, part: np.ndarray | slice) -> float:
        """Return the sum of the weights of rows `part`."""
        return float(self.weights[part].sum())

    def shares(self, place: Place) -> Iterator[tuple[np.ndarray, Tensor]]:
        """Yield this process's rows with their inputs, chunk by chunk.

        Every process gets as many chunks, as sharded networks demand; the last inputs may be those
        of rows that another process counts.
        """
        count = len(self.targets)
        for start in range(0, count, CHUNK * place.world):
            chunk = np.arange(start, min(start + CHUNK * place.world, count))
            part = chunk[place.rank :: place.world]
            filled = np.resize(part if len(part) else chunk, -(-len(chunk) // place.world))
            yield part, self.samples.take(filled).to(place.device)


class Plan:
    """The rows of every step, and its random numbers, as functions of seed and step alone."""

    def __init__(self, config: Config, rows: Rows, place: Place) -> None:
        settings, split = config.train, place.world * config.train.accumulate
        count = len(rows.targets)
        if settings.batch_size % split or count < split:
            raise UserError(
                f"train.batch_size: {settings.batch_size} of {count} rows can't be split among "
                f"{place.world} processes in {settings.accumulate} parts (train.accumulate)."
            )
        self.size = min(settings.batch_size, count - count % split)
        self.epoch = count // self.size  # steps
        self.steps = settings.epochs * self.epoch
        self.seed, self.split, self.rank, self.world = config.seed, split, place.rank, place.world
        self.seeds = np.random.SeedSequence([config.seed, place.rank]).generate_state(self.steps)
        self.chance = None
        if settings.sampler == "balanced":
            self.chance = rows.balance / rows.balance.sum(dtype=np.float64)
        self.count = count
        self.order = lru_cache(2)(self._order)  # workers are ahead

    def batch(self, step: int) -> np.ndarray:
        """Return the rows of a step, of all processes together."""
        epoch, place = divmod(step, self.epoch)
        return self.order(epoch)[place * self.size :][: self.size]

    def parts(self, step: int) -> list[np.ndarray]:
        """Return the rows of a step that this process takes, one array a gradient."""
        return [self.batch(step)[n :: self.split] for n in range(self.rank, self.split, self.world)]

    def _order(self, epoch: int) -> np.ndarray:
        rng = np.random.default_rng([self.seed, epoch])
        if self.chance is None:
            return rng.permutation(self.count)
        return rng.choice(self.count, self.count, p=self.chance)


def schedule(step: int, steps: int, warmup: float) -> float:
    """Return the share of the learning rate: a linear rise, then half a cosine down to zero."""
    rise = max(1, round(warmup * steps))
    if step < rise:
        return (step + 1) / rise
    return (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise))) / 2


def inputs_of(rows: Rows, plan: Plan, start: int, workers: int) -> Iterator[Tensor]:
    """Yield the inputs of every part from step `start` on, opened by `workers` processes."""
    keys: Any = (  # instead of lists of rows: Samples takes them as they are
        (step // plan.epoch, part) for step in range(start, plan.steps) for part in plan.parts(step)
    )
    if workers == 0:
        return map(rows.samples.__getitems__, keys)
    return iter(
        DataLoader(
            rows.samples,
            batch_sampler=keys,
            num_workers=workers,
            collate_fn=_unchanged,
            generator=torch.Generator(),  # of its own: it must not draw from the training's
        )
    )


def _unchanged(batch: Any) -> Any:
    return batch
