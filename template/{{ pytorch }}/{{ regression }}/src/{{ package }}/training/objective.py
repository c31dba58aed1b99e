"""The objective of a regression model: Huber loss, in standard deviations of the target."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import huber_loss

from ..config import Config
from ..toolkit.runs import UserError
from ..toolkit.tables.split import Split


class Objective:
    """The loss and the weight of each row."""

    def __init__(self, config: Config, train: Split) -> None:
        self.unit = float(train.targets.std(dtype=np.float64))
        self.settings = settings = config.train
        if settings.class_weight or settings.sampler != "shuffle" or settings.label_smoothing:
            raise UserError(
                "train.class_weight, train.sampler and train.label_smoothing are for "
                "classification only: leave them at null, shuffle and 0."
            )

    def losses(
        self, values: Tensor, targets: Tensor, teacher_outputs: Tensor | None = None
    ) -> Tensor:
        """Take values (rows,), targets (rows,) and a teacher's values, return (rows,)."""
        losses = huber_loss(values / self.unit, targets / self.unit, reduction="none")
        if teacher_outputs is None:
            return losses
        return losses.lerp(self.losses(values, teacher_outputs), self.settings.teacher_weight)

    def weights(self, targets: np.ndarray) -> np.ndarray:
        """Return (rows,) float32, the weight of each row in the loss: 1."""
        return self.balance(targets)

    def balance(self, targets: np.ndarray) -> np.ndarray:
        """Return (rows,) float32 weights: there are no classes to balance."""
        return np.ones(len(targets), np.float32)


class Rescale(nn.Module):
    """Rescale standardised outputs to the mean and standard deviation of the target."""

    mean: Tensor
    spread: Tensor

    def __init__(self, mean: float, spread: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("spread", torch.tensor(spread))

    def forward(self, scores: Tensor) -> Tensor:
        """Take (rows, 1), return (rows,) float32, whatever `train.precision` is."""
        return scores[:, 0].float() * self.spread + self.mean


def final(targets: np.ndarray | None = None) -> nn.Module:
    """Return the last layer of the network, fitted to the training targets if they are given."""
    if targets is None:
        return Rescale(0.0, 1.0)
    return Rescale(float(targets.mean(dtype=np.float64)), float(targets.std(dtype=np.float64)))


def answering(network: nn.Module) -> nn.Module:
    """Return the network for inference: values (rows,), without dropout."""
    return network.eval()
