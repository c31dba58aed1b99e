"""Networks of timm, and a few of torchvision: built, loaded, and described for pruning.

The functions import them, which takes as long as torch, and which the network `cnn` does not need.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from .toolkit.runs import UserError
from .training.layers import Between

MISSING = re.compile(r"Missing keys \((.*)\) discovered")  # in timm's log


def library(name: str, size: int, weights: str | Path | None = None) -> nn.Module:
    """Return timm's network `name` for size x size images: features (rows, head_hidden_size).

    `weights` is "hub", a file, or None for random ones. UserError if the network does not exist,
    can't take such images, or has other weights.
    """
    import timm

    known = timm.get_pretrained_cfg(name)
    if known is None:
        return _of_torchvision(name, weights)
    options: dict[str, Any] = {"img_size": size} if known.fixed_input_size else {}
    if weights not in (None, "hub"):
        options["pretrained_cfg_overlay"] = {"file": str(weights)}
    place = f"model.name {name}" if weights is None else f"model.weights {weights} for {name}"
    try:
        with _timm_messages() as messages:
            network = timm.create_model(name, weights is not None, num_classes=0, **options)
    except Exception as error:  # timm and the readers of files raise their own
        raise UserError(f"{place}: {_short(error)}.") from None
    names = {key for key, _ in network.named_parameters()}
    lists = [found.split(", ") for found in MISSING.findall("\n".join(messages))]
    if missing := sorted(names.intersection(*lists)) if lists else []:
        raise UserError(
            f"{place}: {len(missing)} weights are not in it, such as {missing[0]}: take a file of "
            "this network."
        )
    return network


class Pooled(nn.Sequential):
    """Features of torchvision, averaged over the image: (rows, head_hidden_size)."""

    def __init__(self, features: nn.Module) -> None:
        super().__init__(features, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        with torch.inference_mode():
            self.head_hidden_size = features(torch.zeros(1, 3, 64, 64)).shape[1]


def _of_torchvision(name: str, weights: str | Path | None) -> nn.Module:
    """Return a network that timm lacks, such as squeezenet1_1. UserError if there is none."""
    import timm
    from torchvision import models

    if name not in ("squeezenet1_0", "squeezenet1_1", "alexnet"):
        near = get_close_matches(name, ["cnn", *timm.list_models()], 3, 0)
        raise UserError(f"model.name: timm has no {name!r}; did you mean {', '.join(near)}?")
    try:
        network: Any = models.get_model(name, weights="DEFAULT" if weights == "hub" else None)
        if weights not in (None, "hub"):
            network.load_state_dict(load_file(str(weights)))
    except (OSError, RuntimeError, SafetensorError) as error:
        raise UserError(f"model.weights {weights} for {name}: {_short(error)}.") from None
    return Pooled(network.features)


def load_backbone(network: Any, name: str, size: int, weights: str | Path | None = None) -> None:
    """Load `weights` into the network's backbone, if given.

    UserError if that has too many strides for size x size images.
    """
    try:
        with torch.inference_mode():
            network.backbone.eval()(torch.zeros(2, 3, size, size))
    except RuntimeError as error:
        raise UserError(
            f"data.size {size} is too small for model.name {name}: raise it ({_short(error)})."
        ) from None
    if weights is not None:
        network.backbone = library(name, size, weights)
    network.train()


@contextmanager
def _timm_messages() -> Iterator[list[str]]:
    """Yield what timm logs, and print none of it: its only report of weights that a file lacks."""
    logger, messages = logging.getLogger("timm"), list[str]()
    handler, level = logging.Handler(), logger.level
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield messages
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = True


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")


def colour_statistics(name: str, weights: str | Path) -> tuple[Any, Any]:
    """Return mean and standard deviation of red, green and blue for the weights of timm."""
    import timm
    from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD

    known: Any = timm.get_pretrained_cfg(name)
    return (known.mean, known.std) if known else (IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD)


def hidden_units(backbone: nn.Module) -> Iterator[Between]:
    """Yield the units within each block; grouped convolutions are left as they are."""
    from timm.layers import Mlp
    from timm.models.resnet import BasicBlock, Bottleneck

    known: dict[type[nn.Module], list[list[str]]] = {  # producer, norm, consumer
        Mlp: [["fc1", "norm", "fc2"]],
        BasicBlock: [["conv1", "bn1", "conv2"]],
        Bottleneck: [["conv1", "bn1", "conv2"], ["conv2", "bn2", "conv3"]],
    }
    for block in backbone.modules():
        for names in known.get(type(block), []):
            layers = [getattr(block, name) for name in names]
            *producers, consumer = (layer for layer in layers if hasattr(layer, "weight"))
            if all(getattr(layer, "groups", 1) == 1 for layer in (*producers, consumer)):
                yield Between(producers, consumer)
