"""MLX's loop for bench_loop.py: the one of its guide, not compiled, which needs g++ on Linux."""

from typing import Any

import mlx.core as mx
from cases import Case, Stamp
from mlx import nn
from mlx.optimizers import AdamW, MultiOptimizer, clip_grad_norm


def exactly(exact: bool) -> None:
    """Do nothing: MLX is deterministic on CPUs."""


def bare(case: Case, stamp: Stamp) -> None:
    """Train with a step of value_and_grad and an update."""
    network, settings = case.network(), case.settings
    decays = (settings.weight_decay, 0.0)  # for matrices only
    groups = [AdamW(0.0, weight_decay=decay, bias_correction=True) for decay in decays]
    optimizer = MultiOptimizer(groups, [lambda name, weight: weight.ndim > 1])

    def loss_of(inputs: mx.array, labels: mx.array) -> mx.array:
        return nn.losses.cross_entropy(network(inputs), labels, reduction="mean")

    gradient_of = nn.value_and_grad(network, loss_of)
    for epoch in range(settings.epochs):
        network.train()
        for step, key in case.steps(epoch):
            for group in groups:
                group.learning_rate = case.rate(step)
            _, gradient = gradient_of(*batch(case.train, key))
            clipped, _ = clip_grad_norm(gradient, settings.clip_norm)
            optimizer.update(network, clipped)
            mx.eval(network.parameters(), optimizer.state)
        network.eval()
        sums = [float(loss_of(*batch(case.val, key))) * len(key[1]) for key in case.chunks]
        stamp(sum(sums) / len(case.val.targets))


def batch(rows: Any, key: tuple[int, Any]) -> tuple[mx.array, mx.array]:
    """Return inputs and labels of the rows of a key."""
    return mx.array(rows.samples.batch(*key)), mx.array(rows.targets[key[1]])


LOOPS = {"bare": bare}
