"""Networks of timm: built, loaded with weights, and described for pruning.

The functions import timm, which takes as long as torch, and which the network `cnn` does not need.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from torch import nn

from .toolkit.runs import UserError
from .training.pruning import Hidden


def library(name: str, size: int, weights: str | Path | None = None) -> nn.Module:
    """Return timm's network `name` for size x size images: features (rows, head_hidden_size).

    `weights` is "hub", a file, or None for random ones. UserError if name or weights don't exist.
    """
    import timm

    known = timm.get_pretrained_cfg(name)
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


def colour_statistics(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of red, green and blue for the weights of timm."""
    import timm

    known: Any = timm.get_pretrained_cfg(name)
    return known.mean, known.std


def hidden_units(backbone: nn.Module) -> Iterator[Hidden]:
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
                yield Hidden(producers, consumer)
