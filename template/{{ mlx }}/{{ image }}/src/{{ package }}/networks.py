"""Networks for images: a small CNN, or a ResNet, with a linear head."""

from itertools import pairwise
from typing import Any, NamedTuple

import mlx.core as mx
import numpy as np
from mlx import nn
from mlx.core import array as Tensor
from mlx.utils import tree_unflatten

from .training.learner import tensors
from .training.loss import final
from .training.pruning import Hidden

HEAD = "head.layers.1"


class Between(NamedTuple):
    """The names of a convolution, of its norm, and of the layer that takes their channels."""

    producer: str
    norm: str
    consumer: str


class Network(nn.Module):
    """The network that is trained and exported, for (rows, size, size, 3), 0 ... 255, any dtype."""

    def __init__(
        self,
        fitted: dict[str, np.ndarray],
        name: str,
        size: int,
        outputs: int,
        width: int,
        depth: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self._mean, self._spread = mx.array(fitted["mean"]), mx.array(fitted["spread"])
        channels = [3, *(width * 2**stage for stage in range(depth))]
        self.backbone = NETWORKS[name](channels)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(channels[-1], outputs))
        self.final: Any = final(fitted)

    def __call__(self, pixels: Tensor) -> Tensor:
        """Return (rows, classes) logits."""
        colours = (pixels.astype(mx.float32) / 255 - self._mean) / self._spread
        precision = self.head.layers[1].weight.dtype
        return self.final(self.head(self.backbone(colours.astype(precision))))


class BatchNorm(nn.BatchNorm):
    """Batch normalisation in float32, whatever `train.precision` is."""

    def __call__(self, images: Tensor) -> Tensor:
        """Take and return (rows, side, side, channels)."""
        return super().__call__(images.astype(mx.float32)).astype(images.dtype)


class CNN(nn.Module):
    """Stages of two convolutions: each stage halves the sides and doubles the channels."""

    def __init__(self, channels: list[int]) -> None:
        super().__init__()
        self.blocks = [
            nn.Sequential(*_convolution(inputs, outputs, 2), *_convolution(outputs, outputs, 1))
            for inputs, outputs in pairwise(channels)
        ]

    def hidden(self) -> list[Between]:
        """Return the channels of each convolution; those of the last one go to the head."""
        blocks = [f"backbone.blocks.{number}.layers" for number in range(len(self.blocks))]
        places = [(block, layer) for block in blocks for layer in (0, 3)]
        consumers = [*(f"{block}.{layer}" for block, layer in places[1:]), HEAD]
        return [
            Between(f"{block}.{layer}", f"{block}.{layer + 1}", consumer)
            for (block, layer), consumer in zip(places, consumers, strict=True)
        ]

    def __call__(self, images: Tensor) -> Tensor:
        """Take (rows, size, size, 3), return (rows, channels)."""
        for block in self.blocks:
            images = block(images)
        return images.mean(axis=(1, 2))


class ResNet(nn.Module):
    """Stages of one residual block, which halves the sides and doubles the channels."""

    def __init__(self, channels: list[int]) -> None:
        super().__init__()
        self.blocks = [Block(inputs, outputs) for inputs, outputs in pairwise(channels)]

    def hidden(self) -> list[Between]:
        """Return the channels within each block; those between blocks are added up."""
        blocks = [f"backbone.blocks.{number}.residual.layers" for number in range(len(self.blocks))]
        return [Between(f"{block}.0", f"{block}.1", f"{block}.3") for block in blocks]

    def __call__(self, images: Tensor) -> Tensor:
        """Take (rows, size, size, 3), return (rows, channels)."""
        for block in self.blocks:
            images = block(images)
        return images.mean(axis=(1, 2))


class Block(nn.Module):
    """Two convolutions, added to a projection of their input (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.residual = nn.Sequential(*_convolution(inputs, outputs, 2), second, BatchNorm(outputs))
        self.shortcut = nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride=2, bias=False), BatchNorm(outputs)
        )

    def __call__(self, images: Tensor) -> Tensor:
        """Take (rows, side, side, inputs), return (rows, half a side, half a side, outputs)."""
        return nn.relu(self.residual(images) + self.shortcut(images))


NETWORKS: dict[str, Any] = {"cnn": CNN, "resnet": ResNet}


def _convolution(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
    return [convolution, BatchNorm(outputs), nn.ReLU()]


def network(fitted: dict[str, np.ndarray], seed: int = 0, **shape: Any) -> Network:
    """Return a network with random weights; `fitted` holds mean and spread of the colours."""
    mx.random.seed(seed)
    sizes = shape.pop("hidden", ())
    built = Network(fitted, **shape)
    weights = tensors(built)
    for each, size in zip(hidden(built), sizes, strict=False):
        weights |= each.kept(weights, np.arange(size))
    built.update(tree_unflatten([(name, mx.array(array)) for name, array in weights.items()]))
    return built


def hidden(network: Network) -> list[Hidden]:
    """Return the units between layers, for pruning."""
    found = []
    for producer, norm, consumer in network.backbone.hidden():
        kinds = ("weight", "bias", "running_mean", "running_var")
        axes = {f"{norm}.{kind}": 0 for kind in kinds} | {f"{producer}.weight": 0}
        consumed = f"{consumer}.weight"
        axes[consumed] = 1 if consumer == HEAD else 3  # convolutions have channels last
        found.append(Hidden(axes, f"{norm}.weight", consumed))
    return found
