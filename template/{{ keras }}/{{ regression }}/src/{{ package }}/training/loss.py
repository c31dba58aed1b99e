"""A regression model in Keras: the loss of its values, and its last layer."""

from typing import Any

import numpy as np

from .backend import Tensor, keras, tf
from .objective import Objective


def losses(
    objective: Objective, outputs: Tensor, targets: Tensor, teacher_outputs: Tensor | None = None
) -> Tensor:
    """Take values (rows,), targets (rows,) and a teacher's values, return (rows,)."""
    own = _huber((outputs - targets) / objective.unit)
    if teacher_outputs is None:
        return own
    taught = _huber((outputs - teacher_outputs) / objective.unit)
    return own + objective.settings.teacher_weight * (taught - own)


def _huber(errors: Tensor) -> Tensor:
    size = tf.abs(errors)
    return tf.where(size < 1, errors**2 / 2, size - 0.5)


def final(fitted: dict[str, np.ndarray]) -> keras.Layer:
    """Return the last layer of the network: (rows, 1) standardised, to values (rows,) float32."""
    return Rescale(fitted["final.mean"], fitted["final.spread"], name="final", dtype="float32")


class Rescale(keras.layers.Layer):
    """Rescale standardised outputs to the mean and standard deviation of the target."""

    def __init__(self, mean: np.ndarray, spread: np.ndarray, **named: Any) -> None:
        super().__init__(**named)
        self.mean, self.spread = float(mean), float(spread)

    def call(self, scores: Tensor) -> Tensor:
        """Take (rows, 1), return (rows,) float32, whatever `train.precision` is."""
        return scores[:, 0] * self.spread + self.mean


def answering(network: keras.Model) -> keras.Model:
    """Return the network for inference: values (rows,)."""
    return network
