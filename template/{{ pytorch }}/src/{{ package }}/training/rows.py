"""The rows of a split: their inputs, batch by batch, and their loss."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from ..model import Samples
from ..toolkit.tables.split import Split
from .objective import Objective
from .parallel import Place
from .plan import Plan

CHUNK = 1024  # rows at once where no gradient is needed


class Rows:
    """The rows of a split: inputs, targets and weights."""

    def __init__(self, split: Split, samples: Samples, objective: Objective) -> None:
        self.samples, self.losses = samples, objective.losses
        self.targets, self.weights = split.targets, objective.weights(split.targets)
        self.balance = objective.balance(split.targets)

    def loss(
        self, outputs: Tensor, part: np.ndarray, weight: float = 1.0, advice: Tensor | None = None
    ) -> Tensor:
        """Return the weighted sum of the losses of rows `part`, divided by `weight`."""
        values = self.targets[part], self.weights[part] / np.float32(weight)
        targets, weights = (torch.from_numpy(array).to(outputs.device) for array in values)
        return self.losses(outputs.float(), targets, advice) @ weights

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
