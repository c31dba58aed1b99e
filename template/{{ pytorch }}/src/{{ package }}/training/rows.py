"""The rows of a split: their inputs, batch by batch, and their loss."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ..model import Samples
from ..toolkit.runs import UserError
from ..toolkit.tables.split import Split
from .objective import Objective
from .parallel import Process
from .plan import Plan

CHUNK = 1024  # rows per forward pass where no gradient is needed


class Rows:
    """The rows of a split: inputs, targets and weights."""

    def __init__(self, split: Split, samples: Samples, objective: Objective) -> None:
        self.samples, self.losses = samples, objective.losses
        self.targets, self.weights = split.targets, objective.weights(split.targets)
        self.balance = objective.balance(split.targets)

    def loss(
        self,
        outputs: Tensor,
        rows: np.ndarray,
        weight: float = 1.0,
        teacher_outputs: Tensor | None = None,
    ) -> Tensor:
        """Return the weighted sum of the losses of `rows`, divided by `weight`."""
        values = self.targets[rows], self.weights[rows] / np.float32(weight)
        targets, weights = (torch.from_numpy(array).to(outputs.device) for array in values)
        return self.losses(outputs.float(), targets, teacher_outputs) @ weights

    def weight(self, rows: np.ndarray | slice) -> float:
        """Return the sum of the weights of `rows`."""
        return float(self.weights[rows].sum())

    def local_chunks(self, process: Process) -> Iterator[tuple[np.ndarray, Tensor]]:
        """Yield this process's rows with their inputs, chunk by chunk.

        Every process gets the same number of chunks, as sharded networks require; the inputs of the
        last chunk may be padded with rows that another process counts.
        """
        count = len(self.targets)
        for start in range(0, count, CHUNK * process.world):
            chunk = np.arange(start, min(start + CHUNK * process.world, count))
            own = chunk[process.rank :: process.world]
            padded = np.resize(own if len(own) else chunk, -(-len(chunk) // process.world))
            yield own, self.samples.take(padded).to(process.device)


def check_batch(network: nn.Module, rows: Rows, plan: Plan) -> None:
    """Raise UserError if batch normalisation would see a single value per channel."""
    first = plan.micro_batches(0)[0]
    if len(first) > 1:
        return
    try:
        with torch.random.fork_rng(), torch.no_grad():
            copy.deepcopy(network).cpu().train()(rows.samples.take(first))
    except ValueError:
        raise UserError(
            f"train.batch_size {plan.size}: one row per forward pass is too few for batch "
            f"normalisation: set train.batch_size {2 * plan.split}, or lower train.accumulate."
        ) from None


def input_batches(rows: Rows, plan: Plan, start: int, workers: int) -> Iterator[Tensor]:
    """Yield the inputs of each micro-batch from step `start` on, loaded by `workers` processes."""
    keys: Any = (  # (epoch, rows) instead of lists of rows: Samples takes them as they are
        (step // plan.epoch, micro_batch)
        for step in range(start, plan.steps)
        for micro_batch in plan.micro_batches(step)
    )
    if workers == 0:
        return map(rows.samples.__getitems__, keys)
    return iter(
        DataLoader(
            rows.samples,
            batch_sampler=keys,
            num_workers=workers,
            collate_fn=_unchanged,
            generator=torch.Generator(),  # its own: it must not draw from that of training
        )
    )


def _unchanged(batch: Any) -> Any:
    return batch
