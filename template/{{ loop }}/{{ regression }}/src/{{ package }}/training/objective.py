"""The objective of a regression model: Huber loss, in standard deviations of the target."""

import numpy as np

from ..config import Config
from ..toolkit.runs import UserError
from ..toolkit.tables.split import Split


class Objective:
    """The settings of the loss, which `loss.py` computes, and the weight of each row in it."""

    def __init__(self, config: Config, train: Split) -> None:
        self.unit = float(train.targets.std(dtype=np.float64))
        self.settings = settings = config.train
        if settings.class_weight or settings.sampler != "shuffle" or settings.label_smoothing:
            raise UserError(
                "train.class_weight, train.sampler and train.label_smoothing are for "
                "classification only: leave them at null, shuffle and 0."
            )

    def weights(self, targets: np.ndarray) -> np.ndarray:
        """Return (rows,) float32, the weight of each row in the loss: 1."""
        return self.balance(targets)

    def balance(self, targets: np.ndarray) -> np.ndarray:
        """Return (rows,) float32 weights: there are no classes to balance."""
        return np.ones(len(targets), np.float32)


def fitted(targets: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the last layer takes from the training targets: mean and standard deviation."""
    mean, spread = targets.mean(dtype=np.float64), targets.std(dtype=np.float64)
    return {"final.mean": np.array(mean, np.float32), "final.spread": np.array(spread, np.float32)}
