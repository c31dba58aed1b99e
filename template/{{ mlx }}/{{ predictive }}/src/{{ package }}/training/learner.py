"""MLX's part of training: the network, its moving average, the optimizer, and a step."""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import mlx.core as mx
import numpy as np
from mlx import nn
from mlx.optimizers import AdamW, MultiOptimizer, clip_grad_norm
from mlx.utils import tree_flatten, tree_map, tree_unflatten

from ..toolkit.export import measure
from ..toolkit.runs import UserError
from .device import device
from .device import ready as ready
from .loss import losses
from .objective import Objective
from .plan import Part, Process

PRECISIONS = {"float32": mx.float32, "bf16": mx.bfloat16}


def tensors(network: nn.Module) -> dict[str, np.ndarray]:
    """Return copies of the weights and running statistics, by name."""
    return _arrays(network.parameters())


def assign(network: nn.Module, arrays: dict[str, np.ndarray]) -> None:
    """Set the weights and running statistics."""
    network.load_weights([(name, mx.array(array)) for name, array in arrays.items()])


def outputs(network: nn.Module, kind: str = "cpu") -> Callable[[np.ndarray], np.ndarray]:
    """Return the function from inputs to logits or values, float32, on a kind of device."""
    place, answering = device(kind), cast("Callable[[mx.array], mx.array]", network.eval())

    def forward(inputs: np.ndarray) -> np.ndarray:
        with mx.stream(place):
            return np.array(answering(mx.array(inputs)).astype(mx.float32))

    return forward


class Learner:
    """Everything that a step changes."""

    def __init__(self, network: nn.Module, objective: Objective, process: Process) -> None:
        self.objective, self.settings = objective, objective.settings
        self.network = copy.deepcopy(network).train()
        self.average = self.network  # the one that is validated and kept
        if self.settings.ema:
            self.average = copy.deepcopy(self.network)
        self.groups, self.optimizer = _optimizer(self.network, self.settings.weight_decay)
        self.gradient = mx.value_and_grad(partial(self._loss, self.network))

    def step(
        self, parts: list[Part], rate: float, factors: dict[str, float], seed: int
    ) -> tuple[float, float]:
        """Take one step of AdamW, return its loss and the norm of its gradient before clipping.

        The learning rate is multiplied by the factor of each part of the network; 0 freezes it.
        """
        mx.random.seed(seed)
        self._set_rate(rate, factors)
        weights = self.network.trainable_parameters()
        loss, gradient = self._backward(weights, parts[0])
        for part in parts[1:]:
            more, found = self._backward(weights, part)
            loss, gradient = loss + more, tree_map(mx.add, gradient, found)
        clipped, norm = clip_grad_norm(gradient, self.settings.clip_norm)
        self.network.update(self.optimizer.apply_gradients(clipped, weights))
        if self.settings.ema:
            self._update_average(1 - self.settings.ema)
        networks = [network.parameters() for network in self._networks().values()]
        mx.eval(networks, self.optimizer.state, norm)  # or the graph grows with each step
        return loss, float(norm)

    def loss(self, part: Part) -> float:
        """Return the loss of a part by the average, without dropout."""
        network = self.average.eval()
        weights = network.trainable_parameters()
        found = float(self._loss(network, weights, part))
        network.update(weights)
        network.train()
        return found

    def weights(self) -> dict[str, np.ndarray]:
        """Return the weights and running statistics of the average."""
        return tensors(self.average)

    def tensors(self) -> dict[str, np.ndarray]:
        """Return everything that a step changes, by name."""
        trees: dict[str, Any] = {n: network.parameters() for n, network in self._networks().items()}
        return _arrays(trees | {"optimizer": self.optimizer.state})

    def load(self, arrays: dict[str, np.ndarray]) -> None:
        """Set what `tensors` returned."""
        if wrong := arrays.keys() ^ self.tensors().keys():
            raise KeyError(min(wrong))
        for name, network in self._networks().items():
            assign(network, _named(name, arrays))
        state = [(name, mx.array(array)) for name, array in _named("optimizer", arrays).items()]
        self.optimizer.state = tree_unflatten(state)

    def peak_memory(self) -> int:
        """Return the peak memory in bytes, of the GPU or else of this process; 0: unknown."""
        if mx.default_device() == mx.Device(mx.gpu):
            return mx.get_peak_memory()
        return measure.peak_memory() or 0

    def _loss(self, network: Any, weights: Any, part: Part) -> mx.array:
        """Return the loss of a part by the network with these weights, in `train.precision`."""
        precision = PRECISIONS[self.settings.precision]
        network.update(tree_map(lambda weight: weight.astype(precision), weights))
        found = network(mx.array(part.inputs)).astype(mx.float32)  # sums need it
        targets, taught = mx.array(part.targets), part.teacher_outputs
        teacher_outputs = None if taught is None else mx.array(taught)
        return losses(self.objective, found, targets, teacher_outputs) @ mx.array(part.weights)

    def _backward(self, weights: Any, part: Part) -> tuple[float, Any]:
        """Return the loss of a part, and its gradient."""
        try:
            loss, gradient = self.gradient(weights, part)
        except ValueError:  # of batch normalisation, which would see one value per channel
            if len(part.targets) > 1:
                raise
            count = self.settings.accumulate
            raise UserError(
                f"train.batch_size {count}: one row per forward pass is too few for batch "
                f"normalisation: set train.batch_size {2 * count}, or lower train.accumulate."
            ) from None
        mx.eval(gradient)  # so that memory holds the activations of one part
        return float(loss), gradient

    def _set_rate(self, rate: float, factors: dict[str, float]) -> None:
        for part, optimizer in zip(self.groups, self.optimizer.optimizers, strict=True):
            optimizer.learning_rate = rate * factors.get(part, 1.0)
        for part, factor in factors.items():
            self.network[part].train(factor > 0)  # running statistics freeze too

    def _update_average(self, share: float) -> None:
        average, network = self.average, self.network
        pair = (average.trainable_parameters(), network.trainable_parameters())
        moved = tree_map(lambda mean, weight: mean + share * (weight - mean), *pair)
        average.update(network.parameters())
        average.update(moved)

    def _networks(self) -> dict[str, nn.Module]:
        networks = {"network": self.network, "average": self.average}
        return networks if self.settings.ema else {"network": self.network}


def _optimizer(network: nn.Module, weight_decay: float) -> tuple[list[str], MultiOptimizer]:
    """Return an optimizer of groups, and the part of each: weight decay is for matrices only."""
    groups = [(part, matrices) for part in network.children() for matrices in (True, False)]

    def takes(part: str, matrices: bool, name: str, weight: mx.array) -> bool:
        return name.startswith(f"{part}.") and (weight.ndim > 1) == matrices

    optimizer = MultiOptimizer(
        [
            AdamW(0.0, weight_decay=weight_decay * matrices, bias_correction=True)
            for _, matrices in groups
        ],
        [partial(takes, *group) for group in groups[:-1]],
    )
    optimizer.init(network.trainable_parameters())
    return [part for part, _ in groups], optimizer


def _arrays(tree: Any) -> dict[str, np.ndarray]:
    flat: Any = tree_flatten(tree)
    return {name: np.array(array) for name, array in flat}


def _named(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    start = prefix + "."
    return {name[len(start) :]: a for name, a in arrays.items() if name.startswith(start)}
