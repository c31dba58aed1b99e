"""A step of fine-tuning in MLX: the loss of answers, AdamW, and what a checkpoint holds."""

from typing import Any

import mlx.core as mx
import numpy as np
from mlx import nn
from mlx.optimizers import AdamW, MultiOptimizer, clip_grad_norm
from mlx.utils import tree_flatten, tree_map, tree_unflatten

from ..config import Config
from ..settings.train import Train
from ..toolkit.chats.tokens import IGNORED
from ..toolkit.export import measure
from .plan import Part

PRECISIONS = {"float32": mx.float32, "bf16": mx.bfloat16}
TINY = 1e-3  # from scratch
# The best of three to five on the validation set, for SmolLM2-135M with batches of 8, on 75
# questions about Python and on 243 reports, with the same loop in PyTorch. Larger models need less.
DEFAULTS = {"full": 1e-4, "lora": 1e-3, "qlora": 1e-3}


def rate(config: Config) -> float:
    """Return train.learning_rate; if null, the default for this kind of model."""
    from_scratch = config.model.name in config.model.OWN and config.train.method == "full"
    return config.train.learning_rate or (TINY if from_scratch else DEFAULTS[config.train.method])


def losses(logits: mx.array, labels: mx.array, smoothing: float = 0.0) -> mx.array:
    """Return (rows,) float32: the sum of the cross-entropy of each row's labels but IGNORED."""
    known = labels != IGNORED
    found = nn.losses.cross_entropy(
        logits.astype(mx.float32), mx.where(known, labels, 0), label_smoothing=smoothing
    )
    return (found * known).sum(axis=1)


class Tuner:
    """Everything that a step changes: the weights that are not frozen, and the optimizer."""

    def __init__(self, network: nn.Module, settings: Train) -> None:
        self.network, self.settings = network.train(), settings
        self.precision = PRECISIONS[settings.precision]
        groups = [
            AdamW(0.0, weight_decay=decay, bias_correction=True)
            for decay in (settings.weight_decay, 0.0)
        ]
        self.optimizer = MultiOptimizer(groups, [lambda name, weight: weight.ndim > 1])
        self.optimizer.init(network.trainable_parameters())
        flat: Any = tree_flatten(network.parameters())
        trained = self.weights()
        self.frozen = [(name, weight) for name, weight in flat if name not in trained]
        network.load_weights([(n, self._cast(weight)) for n, weight in self.frozen], strict=False)
        self.gradient = mx.value_and_grad(self._loss)

    def step(self, parts: list[Part], rate: float, seed: int) -> tuple[float, float]:
        """Take one step, return its loss and the norm of its gradient before clipping."""
        mx.random.seed(seed)
        for optimizer in self.optimizer.optimizers:
            optimizer.learning_rate = rate
        weights, total, gradient = self.network.trainable_parameters(), 0.0, None
        for part in parts:
            loss, found = self.gradient(weights, part)
            gradient = found if gradient is None else tree_map(mx.add, gradient, found)
            mx.eval(loss, gradient)  # so that memory holds the activations of one part
            total += float(loss)
        clipped, norm = clip_grad_norm(gradient, self.settings.clip_norm)
        self.network.update(self.optimizer.apply_gradients(clipped, weights))
        mx.eval(self.network.trainable_parameters(), self.optimizer.state, norm)
        return total, float(norm)

    def loss(self, part: Part) -> float:
        """Return the loss of a part, without dropout."""
        weights = self.network.eval().trainable_parameters()
        found = float(self._loss(weights, part, smoothing=0.0))
        self.network.update(weights)
        self.network.train()
        return found

    def weights(self) -> dict[str, np.ndarray]:
        """Return the weights that are trained."""
        return _arrays(self.network.trainable_parameters())

    def tensors(self) -> dict[str, np.ndarray]:
        """Return everything that a step changes, by name."""
        trees = {"weights": self.network.trainable_parameters(), "optimizer": self.optimizer.state}
        return _arrays(trees)

    def load(self, arrays: dict[str, np.ndarray]) -> None:
        """Set what `tensors` returned."""
        if wrong := arrays.keys() ^ self.tensors().keys():
            raise KeyError(min(wrong))
        trees: Any = tree_unflatten([(name, mx.array(array)) for name, array in arrays.items()])
        self.network.update(trees["weights"])
        self.optimizer.state = trees["optimizer"]

    def finish(self, arrays: dict[str, np.ndarray]) -> None:
        """Set what `weights` returned, beside the frozen weights in their own precision."""
        trained = [(name, mx.array(array)) for name, array in arrays.items()]
        self.network.load_weights([*self.frozen, *trained])
        self.network.eval()

    def peak_memory(self) -> int:
        """Return the peak memory in bytes, of the GPU or else of this process; 0: unknown."""
        if mx.default_device() == mx.Device(mx.gpu):
            return mx.get_peak_memory()
        return measure.peak_memory() or 0

    def _loss(self, weights: Any, part: Part, smoothing: float | None = None) -> mx.array:
        """Return the loss of a part by the network with these weights, in `train.precision`."""
        self.network.update(tree_map(self._cast, weights))
        smoothing = self.settings.label_smoothing if smoothing is None else smoothing
        sums = losses(self.network(mx.array(part.inputs)), mx.array(part.targets), smoothing)
        return sums @ mx.array(part.weights)

    def _cast(self, weight: mx.array) -> mx.array:
        return weight.astype(self.precision) if weight.dtype == mx.float32 else weight


def _arrays(tree: Any) -> dict[str, np.ndarray]:
    flat: Any = tree_flatten(tree)
    return {name: np.array(array) for name, array in flat}
