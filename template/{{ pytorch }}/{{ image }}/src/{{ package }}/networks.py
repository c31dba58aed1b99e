"""Networks for images: a small CNN, or any backbone of timm, with a linear head."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn

from .library import hidden_units, library
from .training.objective import final
from .training.pruning import Hidden, shrink


class Network(nn.Module):
    """The network that is trained and exported, for (rows, size, size, 3), 0 ... 255, any dtype."""

    mean: Tensor
    spread: Tensor

    def __init__(
        self,
        name: str,
        size: int,
        outputs: int,
        width: int,
        depth: int,
        dropout: float,
        hidden: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((3, 1, 1), 0.5))
        self.register_buffer("spread", torch.full((3, 1, 1), 0.25))
        backbone: nn.Module = CNN(width, depth) if name == "cnn" else library(name, size)
        self.backbone, features = backbone, cast("int", backbone.head_hidden_size)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(features, outputs))
        self.final = final()
        shrink(self, hidden)

    def hidden(self) -> list[Hidden]:
        """Return the channels between layers; of a timm network those within its blocks."""
        if isinstance(self.backbone, CNN):
            return self.backbone.hidden(self.head[1])
        return list(hidden_units(self.backbone))

    def forward(self, pixels: Tensor) -> Tensor:
        """Return (rows, classes) logits."""
        colours = pixels.permute(0, 3, 1, 2).to(torch.float32) / 255
        return self.final(self.head(self.backbone((colours - self.mean) / self.spread)))

    def set_normalisation(self, mean: Any, spread: Any) -> None:
        """Set mean and standard deviation of red, green and blue, each in 0 ... 1."""
        for buffer, values in ((self.mean, mean), (self.spread, spread)):
            buffer.copy_(torch.tensor(values)[:, None, None])


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

    def hidden(self, head: nn.Module) -> list[Hidden]:
        """Return the channels of each convolution; those of the last one go to the head."""
        convolutions = [layer for layer in self.modules() if isinstance(layer, nn.Conv2d)]
        norms = [layer for layer in self.modules() if isinstance(layer, nn.BatchNorm2d)]
        consumers = [*convolutions[1:], head]
        layers = zip(convolutions, norms, consumers, strict=True)
        return [Hidden(producers, consumer) for *producers, consumer in layers]

    def forward(self, images: Tensor) -> Tensor:
        """Take float32 (rows, 3, size, size), return (rows, head_hidden_size)."""
        for block in self.blocks:
            images = block(images)
        return images.mean(dim=(2, 3))


def _convolution(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]
