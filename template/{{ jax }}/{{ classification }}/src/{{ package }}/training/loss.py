"""A classifier in JAX: the loss of its logits, with or without a teacher, and its answers."""

import jax
import numpy as np
import optax
from flax import nnx
from jax import Array

from .objective import Objective


def losses(
    objective: Objective, outputs: Array, targets: Array, teacher_outputs: Array | None = None
) -> Array:
    """Take logits (rows, classes), codes (rows,) and a teacher's logits, return (rows,)."""
    settings = objective.settings
    classes = jax.nn.one_hot(targets, outputs.shape[1])
    labels = optax.smooth_labels(classes, settings.label_smoothing)
    own = optax.softmax_cross_entropy(outputs, labels)
    if teacher_outputs is None:
        return own
    divergence = _divergence(outputs, teacher_outputs, settings.temperature)
    return own + settings.teacher_weight * (divergence - own)


def _divergence(logits: Array, teacher_outputs: Array, temperature: float) -> Array:
    """Return the divergence from the teacher's softened probabilities, (rows,).

    The square of the temperature keeps its gradients as large as those of the cross-entropy
    (Hinton, Vinyals and Dean 2015, "Distilling the knowledge in a neural network").
    """
    both = (logits, teacher_outputs)
    student, teacher = (jax.nn.log_softmax(each / temperature, axis=1) for each in both)
    return temperature**2 * optax.losses.kl_divergence_with_log_targets(student, teacher)


class Answering(nnx.Module):
    """A classifier with probabilities as outputs."""

    def __init__(self, network: nnx.Module) -> None:
        self.network = network

    def __call__(self, inputs: Array) -> Array:
        """Return (rows, classes)."""
        return jax.nn.softmax(self.network(inputs), axis=1)


def final(fitted: dict[str, np.ndarray]) -> nnx.Module:
    """Return the last layer of the network: the identity, since the loss takes logits."""
    return nnx.Sequential(nnx.identity)


def answering(network: nnx.Module) -> nnx.Module:
    """Return the network for inference: probabilities (rows, classes), without dropout."""
    found = Answering(network)
    found.eval()
    return found
