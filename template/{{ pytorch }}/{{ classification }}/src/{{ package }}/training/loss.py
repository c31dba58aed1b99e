"""A classifier in PyTorch: the loss of its logits, with or without a teacher, and its answers."""

import math

import numpy as np
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from .objective import Objective


def losses(
    objective: Objective, outputs: Tensor, targets: Tensor, teacher_outputs: Tensor | None = None
) -> Tensor:
    """Take logits (rows, classes), codes (rows,) and a teacher's logits, return (rows,)."""
    settings = objective.settings
    smoothing = settings.label_smoothing
    own = cross_entropy(outputs, targets, reduction="none", label_smoothing=smoothing)
    if teacher_outputs is None:
        return own
    divergence = _divergence(outputs, teacher_outputs, settings.temperature)
    return own.lerp(divergence, settings.teacher_weight)


def _divergence(logits: Tensor, teacher_outputs: Tensor, temperature: float) -> Tensor:
    """Return the divergence from the teacher's softened probabilities, (rows,).

    The square of the temperature keeps its gradients as large as those of the cross-entropy
    (Hinton, Vinyals and Dean 2015, "Distilling the knowledge in a neural network").
    """
    both = (logits, teacher_outputs)
    student, teacher = (log_softmax(each / temperature, dim=1) for each in both)
    divergence = kl_div(student, teacher, reduction="none", log_target=True)
    return temperature**2 * divergence.sum(dim=1)


class Logits(nn.Module):
    """The logits that the loss takes, whose probabilities are the mean of those of all members."""

    def forward(self, scores: Tensor) -> Tensor:
        """Take (rows, classes), or (rows, members, classes) of an ensemble; return the former."""
        if scores.ndim == 2:
            return scores
        return log_softmax(scores, dim=2).logsumexp(dim=1) - math.log(scores.shape[1])


def final(fitted: dict[str, np.ndarray]) -> nn.Module:
    """Return the last layer of the network."""
    return Logits()


def answering(network: nn.Module) -> nn.Module:
    """Return the network for inference: probabilities (rows, classes), without dropout."""
    return nn.Sequential(network, nn.Softmax(dim=1)).eval()
