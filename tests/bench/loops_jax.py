"""JAX's loops for bench_loop.py: a bare one under jax.jit, and one under nnx.jit."""

from functools import partial
from typing import Any

import jax
import optax
from cases import Case, Stamp
from flax import nnx
from optax.losses import softmax_cross_entropy_with_integer_labels as cross_entropy


def exactly(exact: bool) -> None:
    """Do nothing: JAX is deterministic on CPUs."""


def adamw(case: Case) -> optax.GradientTransformation:
    """Return the project's optimizer: weight decay is for matrices only."""
    settings = case.settings

    def matrices(tree: Any) -> Any:
        return jax.tree.map(lambda leaf: leaf.ndim > 1, tree)

    return optax.chain(
        optax.clip_by_global_norm(settings.clip_norm),
        optax.scale_by_adam(),
        optax.add_decayed_weights(settings.weight_decay, matrices),
        optax.scale_by_learning_rate(partial(_rate, case)),
    )


def _rate(case: Case, step: Any) -> Any:
    plan, settings = case.plan, case.settings
    rise = max(1, round(settings.warmup * plan.steps))
    rates = (
        optax.linear_schedule(case.rate(0), settings.learning_rate, rise - 1),
        optax.cosine_decay_schedule(settings.learning_rate, plan.steps - rise),
    )
    return optax.join_schedules(rates, [rise])(step)


def bare(case: Case, stamp: Stamp) -> None:
    """Train with a jitted step over the split state."""
    network, optimizer = case.network(), adamw(case)
    network.train()
    graph, *states = nnx.split(network, nnx.Param, ...)
    weights, rest = map(nnx.as_pure, states)
    moments = optimizer.init(weights)

    @partial(jax.jit, donate_argnums=(0, 1, 2))
    def step_on(weights: Any, rest: Any, moments: Any, inputs: Any, labels: Any) -> Any:
        def loss(weights: Any) -> Any:
            merged = nnx.merge(graph, weights, rest)
            found = cross_entropy(merged(inputs), labels).mean()
            return found, nnx.as_pure(nnx.state(merged, nnx.Not(nnx.Param)))

        gradient, changed = jax.grad(loss, has_aux=True)(weights)
        updates, moments = optimizer.update(gradient, moments, weights)
        return optax.apply_updates(weights, updates), changed, moments

    @jax.jit
    def loss_of(weights: Any, rest: Any, inputs: Any, labels: Any) -> Any:
        merged = nnx.merge(graph, weights, rest)
        merged.eval()
        return cross_entropy(merged(inputs), labels).sum()

    for epoch in range(case.settings.epochs):
        for _, key in case.steps(epoch):
            weights, rest, moments = step_on(weights, rest, moments, *batch(case.train, key))
        sums = [float(loss_of(weights, rest, *batch(case.val, key))) for key in case.chunks]
        stamp(sum(sums) / len(case.val.targets))


def with_nnx(case: Case, stamp: Stamp) -> None:
    """Train as Flax' guide does, with nnx.jit and nnx.Optimizer."""
    network = case.network()
    optimizer = nnx.Optimizer(network, adamw(case), wrt=nnx.Param)

    @nnx.jit
    def step_on(network: Any, optimizer: Any, inputs: Any, labels: Any) -> None:
        gradient = nnx.grad(lambda net: cross_entropy(net(inputs), labels).mean())(network)
        optimizer.update(network, gradient)

    @nnx.jit
    def loss_of(network: Any, inputs: Any, labels: Any) -> Any:
        return cross_entropy(network(inputs), labels).sum()

    for epoch in range(case.settings.epochs):
        network.train()
        for _, key in case.steps(epoch):
            step_on(network, optimizer, *batch(case.train, key))
        network.eval()
        sums = [float(loss_of(network, *batch(case.val, key))) for key in case.chunks]
        stamp(sum(sums) / len(case.val.targets))


def batch(rows: Any, key: tuple[int, Any]) -> tuple[Any, Any]:
    """Return inputs and labels of the rows of a key."""
    return rows.samples.batch(*key), rows.targets[key[1]]


LOOPS = {"bare": bare, "nnx.jit": with_nnx}
