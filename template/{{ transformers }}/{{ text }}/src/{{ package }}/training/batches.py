"""A split as a data set for the Trainer, and the training loss."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.data import Dataset
from transformers import EvalPrediction

from ..config import Config
from ..model import Model
from ..toolkit.tables.split import Split
from ..toolkit.texts.padding import filled, numbers

MEAN = "mean_loss"  # the metric of `compute_metrics`
Row = tuple[list[int], int]


class Rows(Dataset[Row]):
    """Tokens and label code of each row; `truncated` counts the texts that were too long."""

    def __init__(self, model: Model, split: Split) -> None:
        self.pad = model.pad
        self.ids = numbers(split.inputs["text"].tolist(), model.tokenizer)
        self.targets = split.targets.tolist()
        self.truncated = sum(len(ids) == model.max_tokens for ids in self.ids)

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, row: int) -> Row:
        return self.ids[row], self.targets[row]

    def batch(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """Return a batch, padded to its longest row."""
        ids = torch.from_numpy(filled([tokens for tokens, _ in rows], self.pad))
        labels = torch.tensor([target for _, target in rows])
        return {"input_ids": ids, "attention_mask": (ids != self.pad).long(), "labels": labels}


class Loss:
    """The weighted cross-entropy of a batch."""

    def __init__(self, config: Config, targets: np.ndarray) -> None:
        counts = np.bincount(targets)
        balanced = len(targets) / (len(counts) * counts)  # 1 on average over the rows
        weights = balanced if config.train.class_weight == "balanced" else np.ones(len(counts))
        self.weights = torch.from_numpy(weights.astype(np.float32))
        self.smoothing = config.train.label_smoothing

    def __call__(
        self, outputs: Any, labels: Tensor, num_items_in_batch: Tensor | None = None
    ) -> Tensor:
        """Divide by the rows of the step, over all processes and accumulated batches."""
        logits = outputs["logits"].float()
        losses = cross_entropy(logits, labels, reduction="none", label_smoothing=self.smoothing)
        total = losses @ self.weights.to(losses.device)[labels]
        return total / (len(labels) if num_items_in_batch is None else num_items_in_batch)

    def compute_metrics(self, predictions: EvalPrediction) -> dict[str, float]:
        """Return the mean loss over all rows, each counted once with any number of processes."""
        arrays = (predictions.predictions, predictions.label_ids)
        logits, labels = (torch.from_numpy(np.asarray(array)) for array in arrays)
        return {MEAN: float(self({"logits": logits}, labels))}
