"""The weights of a network by name, its parts and hidden units, and what they are computed in."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..toolkit.runs import UserError
from .backend import keras
from .pruning import Hidden

POLICIES = {"float32": "float32", "bf16": "mixed_bfloat16"}  # weights are float32 in both
PRODUCTS = (keras.layers.Dense, keras.layers.Conv2D)  # computed in train.precision


def named(network: keras.Model) -> dict[str, Any]:
    """Return the weights and running statistics, such as `head.kernel`, as Keras variables."""
    found: dict[str, Any] = {}
    for layer in network.layers:
        prefix = f"{layer.name}." if isinstance(layer, keras.Model) else ""
        found |= {prefix + weight.path.replace("/", "."): weight for weight in layer.weights}
    return found


def set_all(variables: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Set variables by name. KeyError or ValueError if they are not those of the network."""
    for name in variables:
        variables[name].assign(arrays[name])


def part_of(name: str) -> str:
    """Return the part of the network that a layer or a weight belongs to, such as `backbone`."""
    return name.split(".")[0]


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


def expect_rows(network: keras.Model, rows: int, accumulate: int) -> None:
    """Raise UserError if batch normalisation would see one value per channel."""
    if rows > 1:
        return
    norm = keras.layers.BatchNormalization
    norms = [each for each in network._flatten_layers() if isinstance(each, norm)]
    if any(np.prod(each.input.shape[1:-1]) == 1 for each in norms):
        raise UserError(
            f"train.batch_size {accumulate}: one row per forward pass is too few for batch "
            f"normalisation: set train.batch_size {2 * accumulate}, or lower train.accumulate."
        )


@contextmanager
def computed(network: keras.Model, precision: str, frozen: Collection[str] = ()) -> Iterator[None]:
    """Trace products in a precision, and frozen parts without updates of their statistics."""
    still = [each for each in network.layers if part_of(each.name) in frozen]
    products = [each for each in network._flatten_layers() if isinstance(each, PRODUCTS)]
    for layer in still:
        layer.trainable = False
    for layer in products:
        layer.dtype_policy = POLICIES[precision]
    try:
        yield
    finally:
        for layer in still:
            layer.trainable = True
        for layer in products:
            layer.dtype_policy = "float32"
