"""What looks at a picture: a small network of our own, or any of timm's, without its head."""

from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import timm
import torch
from timm.models import get_pretrained_cfg
from torch import Tensor, nn

from .runs import UserError
from .training.objective import final


class Network(nn.Module):
    """What is trained and exported, from levels 0 ... 255, (rows, size, size, 3) of any dtype."""

    mean: Tensor
    spread: Tensor

    def __init__(
        self, name: str, size: int, outputs: int, width: int, depth: int, dropout: float
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((3, 1, 1), 0.5))
        self.register_buffer("spread", torch.full((3, 1, 1), 0.25))
        backbone: nn.Module = CNN(width, depth) if name == "cnn" else library(name, size)
        self.backbone, features = backbone, cast(int, backbone.head_hidden_size)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(features, outputs))
        self.final = final()

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

    def forward(self, pictures: Tensor) -> Tensor:
        """Take float32 (rows, 3, size, size), return (rows, head_hidden_size)."""
        for block in self.blocks:
            pictures = block(pictures)
        return pictures.mean(dim=(2, 3))


def _convolution(taken: int, given: int, stride: int) -> list[nn.Module]:
    convolution = nn.Conv2d(taken, given, 3, stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(given), nn.ReLU()]


def library(name: str, size: int, weights: str | Path | None = None) -> nn.Module:
    """Return timm's network `name` for size x size pictures: features (rows, head_hidden_size).

    `weights` is "hub", a file, or None for random ones. UserError if it or the name is not there.
    """
    known = get_pretrained_cfg(name)
    if known is None:
        near = get_close_matches(name, ["cnn", *timm.list_models()], 3, 0)
        raise UserError(f"model.name: timm has no {name!r}; did you mean {', '.join(near)}?")
    options: dict[str, Any] = {"img_size": size} if known.fixed_input_size else {}
    if weights not in (None, "hub"):
        options["pretrained_cfg_overlay"] = {"file": str(weights)}
    try:
        return timm.create_model(name, pretrained=weights is not None, num_classes=0, **options)
    except (OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"model.weights {weights} for {name}: {reason}.") from None


def colours(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and spread of red, green and blue that timm's weights were trained with."""
    known: Any = get_pretrained_cfg(name)
    return known.mean, known.std
