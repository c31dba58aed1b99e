"""What a classifier is trained for: the cross-entropy of its logits."""

import numpy as np
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ..config import Config
from ..data import Split


class Objective:
    """The loss of each row, and how much each row counts."""

    def __init__(self, config: Config, train: Split) -> None:
        self.settings = config.train
        self.counts = np.bincount(train.targets)

    def losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Take logits (rows, classes) and codes (rows,), return (rows,)."""
        smoothing = self.settings.label_smoothing
        return cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)

    def weights(self, targets: np.ndarray) -> np.ndarray:
        """Return (rows,) float32, how much each row counts in the loss."""
        balanced = self.settings.class_weight == "balanced"
        return self.balance(targets) if balanced else np.ones(len(targets), np.float32)

    def balance(self, targets: np.ndarray) -> np.ndarray:
        """Return (rows,) float32 weights: all classes count alike, training rows 1 on average."""
        shares = len(self.counts) * self.counts / self.counts.sum()
        return (1 / shares[targets]).astype(np.float32)


def final(targets: np.ndarray | None = None) -> nn.Module:
    """Return the last layer of the network: none, since the loss takes logits."""
    return nn.Identity()


def answering(network: nn.Module) -> nn.Module:
    """Return the network as it answers: probabilities (rows, classes), without dropout."""
    return nn.Sequential(network, nn.Softmax(dim=1)).eval()
