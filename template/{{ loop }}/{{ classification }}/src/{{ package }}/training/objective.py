"""The objective of a classifier: cross-entropy, and the weight of each class in it."""

import numpy as np

from ..config import Config
from ..toolkit.tables.split import Split


class Objective:
    """The settings of the loss, which `loss.py` computes, and the weight of each row in it."""

    def __init__(self, config: Config, train: Split) -> None:
        self.settings = config.train
        self.counts = np.bincount(train.targets)

    def weights(self, targets: np.ndarray) -> np.ndarray:
        """Return (rows,) float32, the weight of each row in the loss."""
        balanced = self.settings.class_weight == "balanced"
        return self.balance(targets) if balanced else np.ones(len(targets), np.float32)

    def balance(self, targets: np.ndarray) -> np.ndarray:
        """Return (rows,) float32: balanced class weights, 1 on average over the training rows."""
        shares = len(self.counts) * self.counts / self.counts.sum()
        return (1 / shares[targets]).astype(np.float32)


def fitted(targets: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the last layer takes from the training targets: nothing."""
    return {}
