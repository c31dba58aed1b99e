"""The hidden units of PyTorch's layers: named for pruning, and removed from a new network."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from .pruning import Hidden


class Between(NamedTuple):
    """A layer and the norm that follows it, if any; the layer that takes their units; `width`."""

    producers: Sequence[nn.Module]
    consumer: nn.Module
    width: int = 1


def named(network: nn.Module, layers: Iterable[Between]) -> list[Hidden]:
    """Return the units between layers by the names of their tensors."""
    names = {module: f"{name}." for name, module in network.named_modules()}
    found = []
    for producers, consumer, width in layers:
        axes = {
            names[module] + name: 0
            for module in producers
            for name, tensor in module.state_dict().items()
            if tensor.ndim
        }
        produced, consumed = (f"{names[each]}weight" for each in (producers[-1], consumer))
        found.append(Hidden(axes | {consumed: 1}, produced, consumed, width))
    return found


def shrink(network: nn.Module, hidden: list[Hidden], sizes: Sequence[int]) -> None:
    """Give a new network the sizes that `prune` returned; its weights are still to be loaded."""
    for each, size in zip(hidden, sizes, strict=False):
        held = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
        for name, array in each.kept(held, np.arange(size)).items():
            path, _, leaf = name.rpartition(".")
            module, smaller = network.get_submodule(path), torch.from_numpy(array)
            is_weight = leaf in dict(module.named_parameters(recurse=False))
            setattr(module, leaf, nn.Parameter(smaller) if is_weight else smaller)
