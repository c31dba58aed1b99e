"""A classifier in Keras: the loss of its logits, with or without a teacher, and its answers."""

from functools import lru_cache

import numpy as np

from .backend import Tensor, keras, tf
from .objective import Objective


def losses(
    objective: Objective, outputs: Tensor, targets: Tensor, teacher_outputs: Tensor | None = None
) -> Tensor:
    """Take logits (rows, classes), codes (rows,) and a teacher's logits, return (rows,)."""
    settings = objective.settings
    classes, smoothing = outputs.shape[1], settings.label_smoothing
    wanted = tf.one_hot(targets, classes, 1 - smoothing + smoothing / classes, smoothing / classes)
    own = tf.nn.softmax_cross_entropy_with_logits(wanted, outputs)
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
    student, teacher = (tf.nn.log_softmax(each / temperature) for each in both)
    return temperature**2 * tf.reduce_sum(tf.exp(teacher) * (teacher - student), axis=1)


def final(fitted: dict[str, np.ndarray]) -> keras.Layer:
    """Return the last layer of the network: the identity, since the loss takes logits."""
    return keras.layers.Identity(name="final")


@lru_cache(4)  # one network each, whose graph `outputs` traces once
def answering(network: keras.Model) -> keras.Model:
    """Return the network for inference: probabilities (rows, classes)."""
    return keras.Model(network.input, keras.layers.Softmax(name="answer")(network.output))
