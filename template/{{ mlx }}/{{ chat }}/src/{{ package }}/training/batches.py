"""A split as the rows that MLX trains on."""

from collections.abc import Iterator

import numpy as np

from ..model import Model
from ..toolkit.chats.tokens import encode
from ..toolkit.tables.split import Split
from .examples import pad, pairs
from .lengths import LengthGroupedSampler
from .plan import Part, Plan


class Rows:
    """Tokens of each answer after its prompt; `truncated` counts those that were too long.

    A conversation with other messages to learn, by their weight, is a row for each of them.
    """

    def __init__(self, model: Model, split: Split) -> None:
        self.rows = [encode(model.tokenizer, *pair) for pair in pairs(split.inputs)]
        self.ids = [ids for ids, _ in self.rows]
        self.pad = model.pad
        self.tokens = np.array([len(ids) - start for ids, start in self.rows])  # of answers
        self.mean_length = float(np.mean([*map(len, self.ids)]))
        self.truncated = sum(len(ids) == model.max_tokens for ids in self.ids)

    def __len__(self) -> int:
        return len(self.rows)

    def order(self, epoch: int, size: int, seed: int) -> np.ndarray:
        """Return the rows of an epoch, in batches of `size` rows of similar length."""
        return np.array([*LengthGroupedSampler(self.ids, size, seed, lambda: epoch)])

    def parts(self, plan: Plan, step: int) -> list[Part]:
        """Return the parts of a step; their loss is the mean over the tokens of all of them."""
        total = self.tokens[plan.batch(step)].sum()
        return [self._part(rows, total) for rows in plan.micro_batches(step)]

    def chunks(self, size: int) -> Iterator[Part]:
        """Yield all rows, `size` at a time, longer ones last."""
        order, total = np.argsort([*map(len, self.ids)], kind="stable"), self.tokens.sum()
        for rows in np.split(order, range(size, len(order), size)):
            yield self._part(rows, total)

    def _part(self, rows: np.ndarray, total: int) -> Part:
        """Return tokens (rows, tokens), for each the one that follows if it is the answer's."""
        ids, labels = pad([self.rows[row] for row in rows], self.pad)
        weights = np.full(len(rows), 1 / total, np.float32)
        return Part(ids[:, :-1], labels[:, 1:], weights)
