"""Networks for images: a small CNN or residual network, or any of keras.applications."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from .library import library
from .training.backend import KerasTensor, keras
from .training.backend import Model as Network
from .training.loss import final
from .training.pruning import Hidden
from .training.weights import between, named, uniform

layers, ops = keras.layers, keras.ops
NORM = {"momentum": 0.9, "epsilon": 1e-5}
BLOCKS = 2  # of each stage of a residual network
Sizes = Iterator[int]  # channels of each hidden layer of a pruned network; empty for a new one


def _cnn(images: KerasTensor, width: int, depth: int, sizes: Sizes) -> KerasTensor:
    """Stages of two convolutions: each stage halves the sides and doubles the channels.

    Take (rows, size, size, 3), return (rows, side, side, channels).
    """
    for number in range(2 * depth):
        channels = next(sizes, width * 2 ** (number // 2))
        normed = _convolution(images, channels, 3, 2 - number % 2, f"backbone.{number}")
        images = ops.relu(normed)
    return images


def _resnet(images: KerasTensor, width: int, depth: int, sizes: Sizes) -> KerasTensor:
    """The stages of `cnn` with residual blocks (He et al. 2015), two in each."""
    for number in range(BLOCKS * depth):
        channels, stride = width * 2 ** (number // BLOCKS), 2 if number % BLOCKS == 0 else 1
        images = _block(images, channels, stride, f"backbone.{number}", sizes)
    return images


def _block(images: KerasTensor, channels: int, stride: int, name: str, sizes: Sizes) -> KerasTensor:
    """Two convolutions beside the identity, or a projection where the shape changes."""
    first = ops.relu(_convolution(images, next(sizes, channels), 3, stride, f"{name}.first"))
    second = _convolution(first, channels, 3, 1, f"{name}.second")
    if stride > 1:
        images = _convolution(images, channels, 1, stride, f"{name}.projection")
    return ops.relu(images + second)


def _convolution(
    images: KerasTensor, channels: int, side: int, stride: int, name: str
) -> KerasTensor:
    """A convolution and its norm."""
    draws = uniform(side**2 * images.shape[-1])["kernel_initializer"]
    settings = {"strides": stride, "padding": "same", "use_bias": False}
    convolution = layers.Conv2D(
        channels, side, **settings, kernel_initializer=draws, name=f"{name}.convolution"
    )
    return layers.BatchNormalization(**NORM, name=f"{name}.norm")(convolution(images))


NETWORKS: dict[str, Any] = {"cnn": _cnn, "resnet": _resnet}


def network(fitted: dict[str, np.ndarray], seed: int = 0, **shape: Any) -> Network:
    """Return a network with random weights; `fitted` holds mean and spread of the colours.

    It takes float32 (rows, size, size, 3), 0 ... 255, and returns (rows, classes) logits.
    """
    keras.utils.set_random_seed(seed)
    name, size = shape["name"], shape["size"]
    pixels = keras.Input((size, size, 3), name="matrix")
    images = (pixels / 255 - fitted["mean"]) / fitted["spread"]
    if name in NETWORKS:
        sizes = iter(shape.get("hidden", ()))
        images = NETWORKS[name](images, shape["width"], shape["depth"], sizes)
    else:
        images = library(name, size)(images)
    features = layers.Dropout(shape["dropout"], name="head.dropout")(ops.mean(images, axis=(1, 2)))
    head = layers.Dense(shape["outputs"], name="head", **uniform(features.shape[-1]))
    return Network(pixels, final(fitted)(head(features)))


def hidden(network: Network) -> list[Hidden]:
    """Return the channels between layers; of `resnet` those within its blocks."""
    weights = named(network)
    norms = [name.removesuffix(".norm.gamma") for name in weights if name.endswith(".norm.gamma")]
    blocks = [name.removesuffix(".first") for name in norms if name.endswith(".first")]
    if blocks:
        pairs = [(f"{block}.first", f"{block}.second.convolution") for block in blocks]
    else:
        consumers = [f"{name}.convolution" for name in norms[1:]]
        pairs = [*zip(norms, [*consumers, "head"], strict=False)]
    return [
        between(weights, [f"{name}.convolution", f"{name}.norm"], consumer)
        for name, consumer in pairs
    ]
