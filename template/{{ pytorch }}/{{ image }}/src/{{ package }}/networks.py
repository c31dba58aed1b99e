"""Networks for images: a small CNN, or any backbone of timm, with a linear head."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from .library import hidden_units, library
from .training.layers import Between, named, shrink
from .training.loss import final
from .training.pruning import Hidden


class Network(nn.Module):
    """The network that is trained and exported, for (rows, size, size, 3), 0 ... 255, any dtype."""

    mean: Tensor
    spread: Tensor

    def __init__(
        self,
        fitted: dict[str, np.ndarray],
        name: str,
        size: int,
        outputs: int,
        width: int,
        depth: int,
        dropout: float,
        sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        for key in ("mean", "spread"):
            colours = torch.from_numpy(fitted[key].reshape(3, 1, 1))
            self.register_buffer(key, colours, persistent=False)
        backbone: nn.Module = CNN(width, depth) if name == "cnn" else library(name, size)
        self.backbone, features = backbone, cast("int", backbone.head_hidden_size)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(features, outputs))
        self.final = final(fitted)
        shrink(self, hidden(self), sizes)

    def hidden(self) -> list[Between]:
        """Return the channels between layers; of a timm network those within its blocks."""
        if isinstance(self.backbone, CNN):
            return self.backbone.hidden(self.head[1])
        return list(hidden_units(self.backbone))

    def forward(self, pixels: Tensor) -> Tensor:
        """Return (rows, classes) logits."""
        colours = pixels.permute(0, 3, 1, 2).to(torch.float32) / 255
        return self.final(self.head(self.backbone((colours - self.mean) / self.spread)))


class CNN(nn.Module):
    """Stages of two convolutions: each stage halves the sides and doubles the channels."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        channels = [3, *(width * 2**stage for stage in range(depth))]
        self.blocks = nn.ModuleList(
            nn.Sequential(*_convolution(inputs, outputs, 2), *_convolution(outputs, outputs, 1))
            for inputs, outputs in pairwise(channels)
        )
        self.head_hidden_size = channels[-1]

    def hidden(self, head: nn.Module) -> list[Between]:
        """Return the channels of each convolution; those of the last one go to the head."""
        convolutions = [layer for layer in self.modules() if isinstance(layer, nn.Conv2d)]
        norms = [layer for layer in self.modules() if isinstance(layer, nn.BatchNorm2d)]
        consumers = [*convolutions[1:], head]
        layers = zip(convolutions, norms, consumers, strict=True)
        return [Between(producers, consumer) for *producers, consumer in layers]

    def forward(self, images: Tensor) -> Tensor:
        """Take float32 (rows, 3, size, size), return (rows, head_hidden_size)."""
        for block in self.blocks:
            images = block(images)
        return images.mean(dim=(2, 3))


def _convolution(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]


def network(fitted: dict[str, np.ndarray], seed: int = 0, **shape: Any) -> Network:
    """Return a network with random weights; `fitted` holds mean and spread of the colours."""
    torch.manual_seed(seed)
    sizes = shape.pop("hidden", ())
    return Network(fitted, sizes=sizes, **shape)


def hidden(network: Network) -> list[Hidden]:
    """Return the units between layers, for pruning."""
    return named(network, network.hidden())
