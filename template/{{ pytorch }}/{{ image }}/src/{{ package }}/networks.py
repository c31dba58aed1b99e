"""What looks at a picture: a small network of our own, or any of timm's, and its head."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn

from .library import inside, library
from .training.objective import final
from .training.pruning import Hidden, shrink


class Network(nn.Module):
    """What is trained and exported, from levels 0 ... 255, (rows, size, size, 3) of any dtype."""

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
        """Return the channels between layers; of a timm network those inside its blocks."""
        if isinstance(self.backbone, CNN):
            return self.backbone.hidden(self.head[1])
        return list(inside(self.backbone))

    def forward(self, pixels: Tensor) -> Tensor:
        """Return (rows, classes) logits."""
        light = pixels.permute(0, 3, 1, 2).to(torch.float32) / 255
        return self.final(self.head(self.backbone((light - self.mean) / self.spread)))

    def expect(self, mean: Any, spread: Any) -> None:
        """Set mean and spread of red, green and blue, each in 0 ... 1."""
        for buffer, values in ((self.mean, mean), (self.spread, spread)):
            buffer.copy_(torch.tensor(values)[:, None, None])


class CNN(nn.Module):
    """Stages of two convolutions; the first halves the sides, and each stage has more channels."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        channels = [3, *(width * 2**stage for stage in range(depth))]
        self.blocks = nn.ModuleList(
            nn.Sequential(*_convolution(taken, given, 2), *_convolution(given, given, 1))
            for taken, given in pairwise(channels)
        )
        self.head_hidden_size = channels[-1]

    def hidden(self, head: nn.Module) -> list[Hidden]:
        """Return the channels of each convolution; those of the last one are read by the head."""
        made = [layer for layer in self.modules() if isinstance(layer, nn.Conv2d)]
        norms = [layer for layer in self.modules() if isinstance(layer, nn.BatchNorm2d)]
        read = [*made[1:], head]
        return [Hidden(pair, layer) for *pair, layer in zip(made, norms, read, strict=True)]

    def forward(self, pictures: Tensor) -> Tensor:
        """Take float32 (rows, 3, size, size), return (rows, head_hidden_size)."""
        for block in self.blocks:
            pictures = block(pictures)
        return pictures.mean(dim=(2, 3))


def _convolution(taken: int, given: int, stride: int) -> list[nn.Module]:
    convolution = nn.Conv2d(taken, given, 3, stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(given), nn.ReLU()]
