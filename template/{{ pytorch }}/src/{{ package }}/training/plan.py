"""Which rows each step trains on, and at what rate: functions of seed and step alone."""

import math
from functools import lru_cache

import numpy as np

from ..config import Config
from ..toolkit.runs import UserError
from .parallel import Place


class Plan:
    """The rows of every step, and its random numbers, as functions of seed and step alone."""

    def __init__(self, config: Config, balance: np.ndarray, place: Place) -> None:
        settings, split = config.train, place.world * config.train.accumulate
        count = len(balance)
        size = settings.batch(count)
        if size % split or count < split:
            raise UserError(
                f"train.batch_size: {size} of {count} rows can't be split among "
                f"{place.world} processes in {settings.accumulate} parts (train.accumulate)."
            )
        self.size = min(size, count - count % split)
        self.epoch = count // self.size  # steps
        self.steps = settings.epochs * self.epoch
        self.seed, self.split, self.rank, self.world = config.seed, split, place.rank, place.world
        self.seeds = np.random.SeedSequence([config.seed, place.rank]).generate_state(self.steps)
        balanced = settings.sampler == "balanced"
        self.chance = balance / balance.sum(dtype=np.float64) if balanced else None
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
