"""The rows of a split: their inputs, batch by batch, their targets and their weights."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from ..model import Samples
from ..toolkit.tables.split import Split
from .objective import Objective
from .plan import Part, Plan, Process

CHUNK = 1024  # rows per forward pass where no gradient is needed


class Rows:
    """The rows of a split: inputs, targets and weights."""

    def __init__(self, split: Split, samples: Samples, objective: Objective) -> None:
        self.samples = samples
        self.targets, self.weights = split.targets, objective.weights(split.targets)
        self.balance = objective.balance(split.targets)
        self.settings = objective.settings

    def weight(self, rows: np.ndarray | slice) -> float:
        """Return the sum of the weights of `rows`."""
        return float(self.weights[rows].sum())

    def order(self, epoch: int, seed: int) -> np.ndarray:
        """Return the rows of an epoch, shuffled or drawn as `train.sampler` says."""
        rng, count = np.random.default_rng([seed, epoch]), len(self.targets)
        if self.settings.sampler == "shuffle":
            return rng.permutation(count)
        return rng.choice(count, count, p=self.balance / self.balance.sum(dtype=np.float64))

    def chunks(self, process: Process) -> Iterator[Part]:
        """Yield this process's rows, chunk by chunk.

        Every process gets the same number of chunks, as sharded networks require; the last chunk
        may be padded with rows of weight 0, which another process counts.
        """
        count, width = len(self.targets), CHUNK * process.world
        for start in range(0, count, width):
            chunk = np.arange(start, min(start + width, count))
            own = chunk[process.rank :: process.world]
            rows = np.resize(own if len(own) else chunk, -(-len(chunk) // process.world))
            weights = np.where(np.arange(len(rows)) < len(own), self.weights[rows], np.float32(0))
            yield Part(self.samples.take(rows), self.targets[rows], weights)

    def batches(self, plan: Plan, start: int, workers: int) -> Iterator[list[Part]]:
        """Yield the parts of this process for each step from `start` on, loaded by threads."""
        steps = range(start, plan.steps)
        if workers == 0:
            yield from (self._parts(plan, step) for step in steps)
            return
        ahead = deque[Future[list[Part]]]()
        with ThreadPoolExecutor(workers) as pool:
            for step in steps:
                ahead.append(pool.submit(self._parts, plan, step))
                if len(ahead) > 2 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()

    def _parts(self, plan: Plan, step: int) -> list[Part]:
        """Return the parts of a step.

        Weights are divided by that of the whole batch, so the gradient does not depend on how
        processes (which average theirs) and accumulation split the batch.
        """
        total, epoch = self.weight(plan.batch(step)) / plan.world, step // plan.epoch
        return [
            Part(
                self.samples.batch(epoch, rows),
                self.targets[rows],
                self.weights[rows] / np.float32(total),
            )
            for rows in plan.micro_batches(step)
        ]
