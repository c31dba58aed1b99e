"""A regression model in JAX: the loss of its values, and its last layer."""

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array

from .objective import Objective


def losses(
    objective: Objective, outputs: Array, targets: Array, teacher_outputs: Array | None = None
) -> Array:
    """Take values (rows,), targets (rows,) and a teacher's values, return (rows,)."""
    unit = objective.unit
    own = optax.huber_loss(outputs / unit, targets / unit)
    if teacher_outputs is None:
        return own
    taught = optax.huber_loss(outputs / unit, teacher_outputs / unit)
    return own + objective.settings.teacher_weight * (taught - own)


class Rescale(nnx.Module):
    """Rescale standardised outputs to the mean and standard deviation of the target."""

    def __init__(self, mean: np.ndarray, spread: np.ndarray) -> None:
        self.mean, self.spread = nnx.Variable(jnp.asarray(mean)), nnx.Variable(jnp.asarray(spread))

    def __call__(self, scores: Array) -> Array:
        """Take (rows, 1), return (rows,) float32, whatever `train.precision` is."""
        return scores[:, 0].astype(jnp.float32) * self.spread[...] + self.mean[...]


def final(fitted: dict[str, np.ndarray]) -> nnx.Module:
    """Return the last layer of the network."""
    return Rescale(fitted["final.mean"], fitted["final.spread"])


def answering(network: nnx.Module) -> nnx.Module:
    """Return the network for inference: values (rows,), without dropout."""
    network.eval()
    return network
