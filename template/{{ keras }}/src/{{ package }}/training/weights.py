"""The weights of a network by name, and the hidden units between its layers."""

from collections.abc import Sequence
from typing import Any

from .backend import keras
from .pruning import Hidden


def named(network: keras.Model) -> dict[str, Any]:
    """Return the weights and running statistics, such as `head.kernel`, as Keras variables."""
    found: dict[str, Any] = {}
    for layer in network.layers:
        prefix = f"{layer.name}." if isinstance(layer, keras.Model) else ""
        found |= {prefix + weight.path.replace("/", "."): weight for weight in layer.weights}
    return found


def between(
    weights: dict[str, Any], producers: Sequence[str], consumer: str, width: int = 1
) -> Hidden:
    """Return the units that a layer, and the norm after it, if any, give to another layer."""
    axes = {
        name: len(weight.shape) - 1
        for producer in producers
        for name, weight in weights.items()
        if name.startswith(f"{producer}.")
    }
    leaf = "kernel" if len(producers) == 1 else "gamma"
    consumed = f"{consumer}.kernel"
    axes[consumed] = len(weights[consumed].shape) - 2
    return Hidden(axes, f"{producers[-1]}.{leaf}", consumed, width)


def uniform(inputs: int) -> dict[str, Any]:
    """Return the initializers of a layer with that many inputs to each unit."""
    limit = max(1, inputs) ** -0.5
    draws = keras.initializers.RandomUniform(-limit, limit)
    return {"kernel_initializer": draws, "bias_initializer": draws.clone()}
