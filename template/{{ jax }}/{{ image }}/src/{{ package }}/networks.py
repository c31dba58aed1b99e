"""Networks for images: plain convolutions, or blocks with residual connections; a linear head."""

from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

from .training.loss import final
from .training.modules import Dropout, linear, shrink, uniform
from .training.pruning import Hidden


class Network(nnx.Module):
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
        rngs: nnx.Rngs,
    ) -> None:
        mean, spread = (jnp.array(fitted[key]) for key in ("mean", "spread"))
        self.mean, self.spread = nnx.Variable(mean), nnx.Variable(spread)
        channels = [3, *(width * 2**stage for stage in range(depth))]
        self.backbone = NETWORKS[name](channels, rngs)
        self.dropout, self.head = Dropout(dropout), linear(channels[-1], outputs, rngs)
        self.final = final(fitted)

    def __call__(self, pixels: Array, rngs: nnx.Rngs | None = None) -> Array:
        """Return (rows, classes) logits; with `rngs`, features are dropped."""
        colours = pixels.astype(jnp.float32) / 255
        features = self.backbone((colours - self.mean[...]) / self.spread[...]).mean(axis=(1, 2))
        return self.final(self.head(self.dropout(features, rngs)))


class Convolution(nnx.Module):
    """A convolution without bias, and batch normalisation."""

    def __init__(
        self, inputs: int, outputs: int, stride: int, rngs: nnx.Rngs, side: int = 3
    ) -> None:
        self.layer = nnx.Conv(
            inputs,
            outputs,
            (side, side),
            stride,
            padding=side // 2,
            use_bias=False,
            kernel_init=uniform(inputs * side**2),
            rngs=rngs,
        )
        self.norm = nnx.BatchNorm(outputs, momentum=0.9, rngs=rngs)

    def __call__(self, images: Array) -> Array:
        """Take (rows, side, side, inputs), return (rows, side / stride, side / stride, outputs)."""
        found = self.layer(images)
        if found.size == found.shape[-1] and not self.norm.use_running_average:
            raise ValueError("batch normalisation of one value per channel")
        return self.norm(found)


class CNN(nnx.Module):
    """Stages of two convolutions: each stage halves the sides and doubles the channels."""

    def __init__(self, channels: list[int], rngs: nnx.Rngs) -> None:
        self.blocks = nnx.List(
            Convolution(*sides, rngs)
            for inputs, outputs in pairwise(channels)
            for sides in ((inputs, outputs, 2), (outputs, outputs, 1))
        )

    def hidden(self) -> list[Hidden]:
        """Return the channels of each convolution; those of the last one go to the head."""
        names = [f"backbone.blocks.{number}" for number in range(len(self.blocks))]
        takers = [(f"{name}.layer.kernel", 2) for name in names[1:]] + [("head.kernel", 0)]
        return [_channels(name, *taker) for name, taker in zip(names, takers, strict=True)]

    def __call__(self, images: Array) -> Array:
        """Take (rows, size, size, 3), return (rows, side, side, channels)."""
        for block in self.blocks:
            images = jax.nn.relu(block(images))
        return images


class ResNet(nnx.Module):
    """Stages of two residual blocks (He et al. 2015), with the sides and channels of `CNN`."""

    def __init__(self, channels: list[int], rngs: nnx.Rngs) -> None:
        self.blocks = nnx.List(
            Block(*sides, rngs)
            for inputs, outputs in pairwise(channels)
            for sides in ((inputs, outputs, 2), (outputs, outputs, 1))
        )

    def hidden(self) -> list[Hidden]:
        """Return the channels within each block."""
        names = [f"backbone.blocks.{number}" for number in range(len(self.blocks))]
        return [_channels(f"{name}.first", f"{name}.second.layer.kernel", 2) for name in names]

    def __call__(self, images: Array) -> Array:
        """Take (rows, size, size, 3), return (rows, side, side, channels)."""
        for block in self.blocks:
            images = block(images)
        return images


class Block(nnx.Module):
    """Two convolutions, added to their input, or to a convolution of it to the same shape."""

    def __init__(self, inputs: int, outputs: int, stride: int, rngs: nnx.Rngs) -> None:
        self.first = Convolution(inputs, outputs, stride, rngs)
        self.second = Convolution(outputs, outputs, 1, rngs)
        same = inputs == outputs and stride == 1
        self.shortcut = None if same else Convolution(inputs, outputs, stride, rngs, side=1)

    def __call__(self, images: Array) -> Array:
        """Take (rows, side, side, inputs), return (rows, side / stride, side / stride, outputs)."""
        found = self.second(jax.nn.relu(self.first(images)))
        return jax.nn.relu(found + (self.shortcut(images) if self.shortcut else images))


NETWORKS: dict[str, Any] = {"cnn": CNN, "resnet": ResNet}


def _channels(producer: str, consumed: str, axis: int) -> Hidden:
    """Return the channels between a convolution and the weight that takes them."""
    norms = {f"{producer}.norm.{name}": 0 for name in ("scale", "bias", "mean", "var")}
    axes = {f"{producer}.layer.kernel": 3} | norms | {consumed: axis}
    return Hidden(axes, f"{producer}.norm.scale", consumed)


def network(fitted: dict[str, np.ndarray], seed: int = 0, **shape: Any) -> Network:
    """Return a network with random weights; `fitted` holds mean and spread of the colours."""
    sizes = shape.pop("hidden", ())
    made = Network(fitted, rngs=nnx.Rngs(seed % 2**32), **shape)
    shrink(made, hidden(made), sizes)
    return made


def hidden(network: Network) -> list[Hidden]:
    """Return the units between layers, for pruning."""
    return network.backbone.hidden()
