"""A regression model in MLX: the loss of its values, and its last layer."""

import mlx.core as mx
import numpy as np
from mlx import nn
from mlx.core import array as Tensor

from .objective import Objective


def losses(
    objective: Objective, outputs: Tensor, targets: Tensor, teacher_outputs: Tensor | None = None
) -> Tensor:
    """Take values (rows,), targets (rows,) and a teacher's values, return (rows,)."""
    unit = objective.unit
    own = nn.losses.huber_loss(outputs / unit, targets / unit)
    if teacher_outputs is None:
        return own
    taught = nn.losses.huber_loss(outputs / unit, teacher_outputs / unit)
    return own + objective.settings.teacher_weight * (taught - own)


class Rescale(nn.Module):
    """Rescale standardised outputs to the mean and standard deviation of the target."""

    def __init__(self, mean: np.ndarray, spread: np.ndarray) -> None:
        super().__init__()
        self._mean, self._spread = mx.array(mean), mx.array(spread)  # no weights, by their `_`

    def __call__(self, scores: Tensor) -> Tensor:
        """Take (rows, 1), return (rows,) float32, whatever `train.precision` is."""
        return scores[:, 0].astype(mx.float32) * self._spread + self._mean


def final(fitted: dict[str, np.ndarray]) -> nn.Module:
    """Return the last layer of the network."""
    return Rescale(fitted["final.mean"], fitted["final.spread"])


def answering(network: nn.Module) -> nn.Module:
    """Return the network for inference: values (rows,), without dropout."""
    return network.eval()
