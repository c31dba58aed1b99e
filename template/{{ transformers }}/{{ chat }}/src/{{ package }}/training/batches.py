"""A split as a data set for the Trainer, and the training loss."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.data import Dataset
from transformers import EvalPrediction

from ..config import Config
from ..model import Model
from ..toolkit.chats.tokens import IGNORED, encode
from ..toolkit.tables.split import Split
from .examples import Row, pairs
from .likelihood import collate

MEAN = "mean_loss"  # the metric of `compute_metrics`


class Rows(Dataset[Row]):
    """Tokens of each answer after its prompt; `truncated` counts those that were too long.

    A conversation with other messages to learn, by their weight, is a row for each of them.
    """

    def __init__(self, model: Model, split: Split) -> None:
        self.rows = [encode(model.tokenizer, *pair) for pair in pairs(split.inputs)]
        self.ids = [ids for ids, _ in self.rows]
        self.pad = model.pad
        self.truncated = sum(len(ids) == model.max_tokens for ids in self.ids)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, row: int) -> Row:
        return self.rows[row]

    def batch(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """Return a batch, padded to its longest row."""
        return collate(rows, self.pad)


class Loss:
    """The mean cross-entropy of the tokens of answers."""

    def __init__(self, config: Config, targets: np.ndarray) -> None:
        self.smoothing = config.train.label_smoothing

    def __call__(
        self, outputs: Any, labels: Tensor, num_items_in_batch: Tensor | None = None
    ) -> Tensor:
        """Divide by the tokens of the step, over all processes and accumulated batches."""
        logits, targets = outputs["logits"][:, :-1].float(), labels[:, 1:]
        total = cross_entropy(
            logits.flatten(0, 1),
            targets.flatten(),
            ignore_index=IGNORED,
            reduction="sum",
            label_smoothing=self.smoothing,
        )
        count = (targets != IGNORED).sum() if num_items_in_batch is None else num_items_in_batch
        return total / count

    def compute_metrics(self, predictions: EvalPrediction) -> dict[str, float]:
        """Return the mean loss over all tokens, each counted once with any number of processes."""
        nats, tokens = np.asarray(predictions.predictions, np.float64).sum(axis=0)
        return {MEAN: float(nats / tokens)}
