"""What is compiled: a step, the loss of a part, and the outputs of a network.

Whatever differs between networks of one architecture (weights, fitted constants, rates) is an
argument, so that a search compiles them once, and not in each trial.
"""

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


class Sums(NamedTuple):
    """What the parts of a step add up to: their loss and its gradient, None before the first."""

    parts: Any
    loss: Any
    statistics: Any
    gradient: Any = None


class Traced:
    """What functions are compiled for; equal ones share what is compiled."""

    def __init__(self, graph: Any, options: str, objective: Objective) -> None:
        self.graph, self.objective = graph, objective
        self.key = graph, options  # settings and facts of the objective
        self.hash = hash(self.key)  # each step looks it up, and a graph takes long to hash

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Traced) and self.key == other.key)


@partial(jax.jit, static_argnums=(0, 1), donate_argnums=4)
def added(
    traced: Traced,
    frozen: tuple[str, ...],
    constants: Any,
    weights: Any,
    sums: Sums,
    seed: Any,
    part: dict[str, Any],
) -> Sums:
    """Return the sums after another part, without those parts of the network that are frozen.

    It is called for each part of a step: in a loop within a step (`jax.lax.scan`), convolutions
    take thirty times as long on a CPU.
    """

    def loss_of(weights: Any) -> Any:
        network = nnx.merge(traced.graph, weights, sums.statistics, constants)
        network.train()
        for name in frozen:
            getattr(network, name).eval()  # running statistics freeze too
        loss = _total(traced, network, part, nnx.Rngs(dropout=key))
        return loss, nnx.as_pure(nnx.state(network, nnx.BatchStat))

    key = jax.random.fold_in(jax.random.key(seed), sums.parts)
    (loss, statistics), gradient = jax.value_and_grad(loss_of, has_aux=True)(weights)
    if sums.gradient is not None:
        gradient = jax.tree.map(jnp.add, sums.gradient, gradient)
    return Sums(sums.parts + 1, sums.loss + loss, statistics, gradient)


@partial(jax.jit, donate_argnums=(0, 1))
def stepped(state: State, gradient: Any, rates: dict[str, Any]) -> tuple[State, Array]:
    """Return the state after a step, and the norm of its gradient."""
    norm = optax.global_norm(gradient)
    scale = jnp.minimum(1, rates["clip_norm"] / (norm + 1e-6))
    clipped = jax.tree.map(lambda each: each * scale, gradient)
    updates, moments = ADAM.update(clipped, state.moments)
    weights = jax.tree_util.tree_map_with_path(partial(_moved, rates), state.weights, updates)
    average = state.average
    if average is not None:
        average = optax.incremental_update(weights, average, 1 - rates["ema"])
    return State(weights, state.statistics, moments, average), norm


@partial(jax.jit, static_argnums=(0, 1), donate_argnums=3)
def whole(
    traced: Traced,
    frozen: tuple[str, ...],
    constants: Any,
    state: State,
    rates: dict[str, Any],
    seed: Any,
    part: dict[str, Any],
) -> tuple[State, Array, Array]:
    """Return the state after a step of a single part, its loss, and the norm of its gradient."""
    sums = Sums(jnp.uint32(0), jnp.float32(0), state.statistics)
    sums = added(traced, frozen, constants, state.weights, sums, seed, part)
    state, norm = stepped(state._replace(statistics=sums.statistics), sums.gradient, rates)
    return state, sums.loss, norm


def _moved(rates: dict[str, Any], path: Any, weight: Array, update: Array) -> Array:
    """Return a weight after a step of AdamW: weight decay is for matrices only."""
    rate = rates["rate"] * rates["factors"].get(path[0].key, 1.0)
    decay = rates["weight_decay"] if weight.ndim > 1 else 0.0
    return weight - rate * (update + decay * weight)


@partial(jax.jit, static_argnums=0)
def part_loss(traced: Traced, trained: Any, constants: Any, part: dict[str, Any]) -> Array:
    """Return the loss of a part, without dropout; `trained`: weights and statistics."""
    return _total(traced, nnx.merge(traced.graph, *trained, constants), part, None)


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
