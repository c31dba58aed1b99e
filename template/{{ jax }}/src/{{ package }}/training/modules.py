"""Modules that networks for every kind of input have, and pruned networks."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

from .learner import assign, tensors
from .pruning import Hidden


class Dropout(nnx.Module):
    """Dropout whose rate is an array: networks that differ in it alone are compiled once."""

    def __init__(self, rate: float) -> None:
        self.rate = nnx.Variable(jnp.float32(rate))

    def __call__(self, units: Array, rngs: nnx.Rngs | None) -> Array:
        """Return units of the same shape; without `rngs` none is dropped."""
        if rngs is None:
            return units
        kept = 1 - self.rate[...]
        chosen = jax.random.bernoulli(rngs.dropout(), kept, units.shape)
        return jnp.where(chosen, units / kept.astype(units.dtype), 0)


def linear(inputs: int, outputs: int, rngs: nnx.Rngs) -> nnx.Linear:
    """Return a fully connected layer."""
    draw = uniform(inputs)
    return nnx.Linear(inputs, outputs, kernel_init=draw, bias_init=draw, rngs=rngs)


def uniform(inputs: int) -> Any:
    """Return an initializer: random numbers up to 1 / sqrt(inputs), of both signs."""
    end = inputs**-0.5
    return lambda key, shape, dtype: jnp.array(_generator(key).uniform(-end, end, shape), dtype)


def normal(shape: tuple[int, ...], rngs: nnx.Rngs) -> nnx.Param[Array]:
    """Return weights with a standard deviation of 1 / sqrt(the last axis)."""
    drawn = _generator(rngs.params()).normal(0, shape[-1] ** -0.5, shape)
    return nnx.Param(jnp.array(drawn, jnp.float32))


def _generator(key: Array) -> np.random.Generator:
    """Return numpy's generator for a key: JAX would compile a function for each shape."""
    return np.random.default_rng(np.asarray(jax.random.key_data(key)))


def shrink(network: Any, hidden: list[Hidden], sizes: Sequence[int]) -> None:
    """Give a new network the sizes that `prune` returned; its weights are still to be loaded."""
    for each, size in zip(hidden, sizes, strict=False):
        held = tensors(network)
        assign(network, held | each.kept(held, np.arange(size)))
