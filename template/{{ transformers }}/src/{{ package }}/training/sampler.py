"""The order in which rows are trained on."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

POOL = 50  # batches whose rows are sorted together


class LengthGroupedSampler(Sampler[int]):
    """Random batches of rows of similar length; `epoch` returns the current epoch.

    All batches are full; each epoch leaves out different rows.
    """

    def __init__(
        self, ids: Sequence[Sequence[int]], batch: int, seed: int, epoch: Callable[[], int]
    ) -> None:
        self.lengths = np.array([len(row) for row in ids])
        self.batch, self.seed, self.epoch = batch, seed, epoch

    def __len__(self) -> int:
        count = len(self.lengths)
        return count - count % self.batch or count

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng([self.seed, self.epoch()])
        batches: list[np.ndarray] = []
        for pool in _chunks(rng.permutation(len(self.lengths))[: len(self)], POOL * self.batch):
            batches += _chunks(pool[self.lengths[pool].argsort(kind="stable")], self.batch)
        order = rng.permutation(len(batches))
        return iter(np.concatenate([batches[number] for number in order]).tolist())


def _chunks(rows: np.ndarray, size: int) -> list[np.ndarray]:
    return np.split(rows, range(size, len(rows), size))
