"""A regression model in PyTorch: the loss of its values, and its last layer."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import huber_loss

from .objective import Objective


def losses(
    objective: Objective, outputs: Tensor, targets: Tensor, teacher_outputs: Tensor | None = None
) -> Tensor:
    """Take values (rows,), targets (rows,) and a teacher's values, return (rows,)."""
    unit = objective.unit
    own = huber_loss(outputs / unit, targets / unit, reduction="none")
    if teacher_outputs is None:
        return own
    taught = huber_loss(outputs / unit, teacher_outputs / unit, reduction="none")
    return own.lerp(taught, objective.settings.teacher_weight)


class Rescale(nn.Module):
    """Rescale standardised outputs to the mean and standard deviation of the target."""

    mean: Tensor
    spread: Tensor

    def __init__(self, mean: np.ndarray, spread: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean), persistent=False)
        self.register_buffer("spread", torch.from_numpy(spread), persistent=False)

    def forward(self, scores: Tensor) -> Tensor:
        """Take (rows, 1) or, of an ensemble, (rows, members, 1); return (rows,) float32."""
        values = scores[..., 0].float() * self.spread + self.mean
        return values if values.ndim == 1 else values.mean(dim=1)


def final(fitted: dict[str, np.ndarray]) -> nn.Module:
    """Return the last layer of the network."""
    return Rescale(fitted["final.mean"], fitted["final.spread"])


def answering(network: nn.Module) -> nn.Module:
    """Return the network for inference: values (rows,), without dropout."""
    return network.eval()
