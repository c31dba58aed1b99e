"""What the loops of bench_loop.py share: one network, its rows, and the plan of its steps."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from my_model import data
from my_model.model import Samples, build
from my_model.training.learner import ready
from my_model.training.objective import Objective
from my_model.training.plan import Plan, Process, schedule
from my_model.training.rows import CHUNK, Rows

Stamp = Callable[[float], None]  # takes the validation loss at the end of each epoch


class Case:
    """A network to train, on which rows, in which order."""

    def __init__(self, config: Any) -> None:
        self.config, self.splits, self.settings = config, data.load(config), config.train
        self.objective = Objective(config, self.splits.train)
        model = self._built()
        samples = Samples(model, self.splits.train.inputs, config)
        self.train = Rows(self.splits.train, samples, self.objective)
        samples = Samples(model, self.splits.val.inputs)
        self.val = Rows(self.splits.val, samples, self.objective)
        order = partial(self.train.order, seed=config.seed)
        self.plan = Plan(config, len(self.train.targets), order, Process())
        count = len(self.val.targets)
        self.chunks = [(0, np.arange(count)[start:][:CHUNK]) for start in range(0, count, CHUNK)]

    def network(self) -> Any:
        """Return the untrained network, always with the same weights."""
        return self._built().network

    def share(self, step: int) -> float:
        """Return the share of the learning rate."""
        return schedule(step, self.plan.steps, self.settings.warmup)

    def rate(self, step: int) -> float:
        """Return the learning rate."""
        return self.settings.learning_rate * self.share(step)

    def steps(self, epoch: int) -> Iterator[tuple[int, tuple[int, Any]]]:
        """Yield each step of an epoch, and its key: the epoch, and the rows of its batch."""
        first = epoch * self.plan.epoch
        for step in range(first, first + self.plan.epoch):
            yield step, (epoch, self.plan.batch(step))

    def _built(self) -> Any:
        with ready(self.config):
            return build(self.config, self.splits)
