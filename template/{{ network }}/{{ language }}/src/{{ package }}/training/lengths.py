"""Rows by their number of tokens: the order in which they are trained on, and those too long."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ..toolkit.runs import say, write_text

POOL = 50  # batches whose rows are sorted together


class LengthGroupedSampler:
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


def report_truncated(count: int, rows: int, limit: int, run: Path) -> None:
    """Print how many of the rows are truncated, if any, and add it to the run's report.

    A trial of `tune` has none.
    """
    if not count:
        return
    share = f"{count / rows:.1%} of the training texts"
    text = f"model.max_tokens: {share} are truncated to {limit} tokens."
    say("warning", text)
    path = run / "data.json"
    if path.exists():
        manifest = json.loads(path.read_text(encoding="utf-8"))
        manifest["profile"]["warnings"].append(text)
        write_text(path, json.dumps(manifest, indent=2))
