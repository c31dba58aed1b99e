"""What is compiled: a step, the loss of a part, and the outputs of a network.

Whatever differs between networks of one architecture (weights, fitted constants, rates) is an
argument, so that a search compiles them once, and not in each trial.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax import Array

from .loss import losses
from .objective import Objective

ADAM = optax.scale_by_adam()


class State(NamedTuple):
    """Everything that a step changes, as trees of arrays."""

    weights: Any
    statistics: Any
    moments: Any
    average: Any  # None without `train.ema`


@dataclass(frozen=True)
class Traced:
    """What functions are compiled for; equal ones share what is compiled."""

    graph: Any
    options: str  # settings and facts of the objective
    objective: Objective = field(compare=False)


@partial(jax.jit, static_argnums=(0, 1), donate_argnums=2)
def stepped(
    traced: Traced,
    frozen: tuple[str, ...],
    state: State,
    constants: Any,
    batch: dict[str, Any],
    rates: dict[str, Any],
    seed: Array,
) -> tuple[State, Array, Array]:
    """Return the state after a step, its loss, and the norm of its gradient."""

    def loss_of(weights: Any, statistics: Any, part: dict[str, Any], key: Array) -> Any:
        network = nnx.merge(traced.graph, weights, statistics, constants)
        network.train()
        for name in frozen:
            getattr(network, name).eval()  # running statistics freeze too
        loss = _total(traced, network, part, nnx.Rngs(dropout=key))
        return loss, nnx.as_pure(nnx.state(network, nnx.BatchStat))

    def add(found: Any, given: Any) -> Any:
        gradient, statistics, loss = found
        gradients = jax.value_and_grad(loss_of, has_aux=True)
        (own, statistics), own_gradient = gradients(state.weights, statistics, *given)
        return (jax.tree.map(jnp.add, gradient, own_gradient), statistics, loss + own), None

    keys = jax.random.split(jax.random.key(seed), len(batch["targets"]))
    start = jax.tree.map(jnp.zeros_like, state.weights), state.statistics, jnp.float32(0)
    (gradient, statistics, loss), _ = jax.lax.scan(add, start, (batch, keys))
    norm = optax.global_norm(gradient)
    scale = jnp.minimum(1, rates["clip_norm"] / (norm + 1e-6))
    clipped = jax.tree.map(lambda each: each * scale, gradient)
    updates, moments = ADAM.update(clipped, state.moments)
    weights = jax.tree_util.tree_map_with_path(partial(_moved, rates), state.weights, updates)
    average = state.average
    if average is not None:
        mean = partial(optax.incremental_update, step_size=1 - rates["ema"])
        average = mean(weights, average)
    return State(weights, statistics, moments, average), loss, norm


def _moved(rates: dict[str, Any], path: Any, weight: Array, update: Array) -> Array:
    """Return a weight after a step of AdamW: weight decay is for matrices only."""
    rate = rates["rate"] * rates["factors"].get(path[0].key, 1.0)
    decay = rates["weight_decay"] if weight.ndim > 1 else 0.0
    return weight - rate * (update + decay * weight)


@partial(jax.jit, static_argnums=0)
def part_loss(traced: Traced, trained: Any, constants: Any, batch: dict[str, Any]) -> Array:
    """Return the loss of the only part in a batch."""
    network = nnx.merge(traced.graph, *trained, constants)
    return _total(traced, network, jax.tree.map(lambda each: each[0], batch), None)


def _total(traced: Traced, network: Any, part: dict[str, Any], rngs: nnx.Rngs | None) -> Array:
    """Return the sum of the losses of rows times their weights."""
    if traced.objective.settings.precision == "bf16":
        for _, module in nnx.iter_modules(network):
            if isinstance(module, nnx.Linear | nnx.Conv):  # sums of losses need float32
                module.dtype = jnp.bfloat16
    found = network(part["inputs"], rngs).astype(jnp.float32)
    rows = losses(traced.objective, found, part["targets"], part["teacher_outputs"])
    return rows @ part["weights"]


@partial(jax.jit, static_argnums=0)
def found_outputs(graph: Any, state: Any, inputs: Array) -> Array:
    """Return what a network answers."""
    return nnx.merge(graph, state)(inputs)
