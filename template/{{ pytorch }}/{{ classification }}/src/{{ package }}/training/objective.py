"""The objective of a classifier: cross-entropy of its logits, with or without a teacher."""

import numpy as np
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from ..config import Config
from ..toolkit.tables.split import Split


class Objective:
    """The loss and the weight of each row."""

    def __init__(self, config: Config, train: Split) -> None:
        self.settings = config.train
        self.counts = np.bincount(train.targets)

    def losses(
        self, logits: Tensor, targets: Tensor, teacher_outputs: Tensor | None = None
    ) -> Tensor:
        """Take logits (rows, classes), codes (rows,) and a teacher's logits, return (rows,)."""
        smoothing = self.settings.label_smoothing
        losses = cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)
        if teacher_outputs is None:
            return losses
        return losses.lerp(self._divergence(logits, teacher_outputs), self.settings.teacher_weight)

    def _divergence(self, logits: Tensor, teacher_outputs: Tensor) -> Tensor:
        """Return the divergence from the teacher's softened probabilities, (rows,).

        The square of the temperature keeps its gradients as large as those of the cross-entropy
        (Hinton, Vinyals and Dean 2015, "Distilling the knowledge in a neural network").
        """
        temperature, both = self.settings.temperature, (logits, teacher_outputs)
        student, teacher = (log_softmax(each / temperature, dim=1) for each in both)
        divergence = kl_div(student, teacher, reduction="none", log_target=True)
        return temperature**2 * divergence.sum(dim=1)

    def weights(self, targets: np.ndarray) -> np.ndarray:
        """Return (rows,) float32, the weight of each row in the loss."""
        balanced = self.settings.class_weight == "balanced"
        return self.balance(targets) if balanced else np.ones(len(targets), np.float32)

    def balance(self, targets: np.ndarray) -> np.ndarray:
        """Return (rows,) float32: balanced class weights, 1 on average over the training rows."""
        shares = len(self.counts) * self.counts / self.counts.sum()
        return (1 / shares[targets]).astype(np.float32)


def final(targets: np.ndarray | None = None) -> nn.Module:
    """Return the last layer of the network: the identity, since the loss takes logits."""
    return nn.Identity()


def answering(network: nn.Module) -> nn.Module:
    """Return the network for inference: probabilities (rows, classes), without dropout."""
    return nn.Sequential(network, nn.Softmax(dim=1)).eval()
