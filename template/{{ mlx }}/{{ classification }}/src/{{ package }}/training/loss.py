"""A classifier in MLX: the loss of its logits, with or without a teacher, and its answers."""

import numpy as np
from mlx import nn
from mlx.core import array as Tensor

from .objective import Objective


def losses(
    objective: Objective, outputs: Tensor, targets: Tensor, teacher_outputs: Tensor | None = None
) -> Tensor:
    """Take logits (rows, classes), codes (rows,) and a teacher's logits, return (rows,)."""
    settings = objective.settings
    own = nn.losses.cross_entropy(outputs, targets, label_smoothing=settings.label_smoothing)
    if teacher_outputs is None:
        return own
    divergence = _divergence(outputs, teacher_outputs, settings.temperature)
    return own + settings.teacher_weight * (divergence - own)


def _divergence(logits: Tensor, teacher_outputs: Tensor, temperature: float) -> Tensor:
    """Return the divergence from the teacher's softened probabilities, (rows,).

    The square of the temperature keeps its gradients as large as those of the cross-entropy
    (Hinton, Vinyals and Dean 2015, "Distilling the knowledge in a neural network").
    """
    both = (logits, teacher_outputs)
    student, teacher = (nn.log_softmax(each / temperature, axis=1) for each in both)
    return temperature**2 * nn.losses.kl_div_loss(student, teacher)


def final(fitted: dict[str, np.ndarray]) -> nn.Module:
    """Return the last layer of the network: the identity, since the loss takes logits."""
    return nn.Identity()


def answering(network: nn.Module) -> nn.Module:
    """Return the network for inference: probabilities (rows, classes), without dropout."""
    return nn.Sequential(network, nn.Softmax()).eval()
