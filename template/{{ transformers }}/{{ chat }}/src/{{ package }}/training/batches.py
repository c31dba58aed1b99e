"""A split as a data set for the Trainer, and the training loss."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.data import Dataset
from transformers import EvalPrediction

from ..config import Config
from ..model import Model
from ..toolkit.chats.tokens import IGNORED, encode
from ..toolkit.tables.split import Split
from .likelihood import Row, collate

MEAN = "mean_loss"  # the metric of `compute_metrics`


class Rows(Dataset[Row]):
    """Tokens of each answer after its prompt; `truncated` counts those that were too long.

    A conversation with other messages to learn, by their weight, is a row for each of them.
    """

    def __init__(self, model: Model, split: Split) -> None:
        self.rows = [encode(model.tokenizer, *pair) for pair in _pairs(split.inputs)]
        self.ids = [ids for ids, _ in self.rows]
        self.pad = model.network.config.pad_token_id
        self.truncated = sum(len(ids) == model.max_tokens for ids in self.ids)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, row: int) -> Row:
        return self.rows[row]

    def batch(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """Return a batch, padded to its longest row."""
        return collate(rows, self.pad)


def _pairs(inputs: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield each message to learn, the answer being the last, with the prompt before it."""
    columns = (inputs[name] for name in ("prompt", "answer", "learned"))
    for prompt, answer, learned in zip(*columns, strict=True):
        messages, places = json.loads(prompt), json.loads(learned)
        for place in places:
            yield json.dumps(messages[:place]), messages[place]["content"].strip()
        yield prompt, answer


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
