"""Structured pruning: hidden units are removed, so that every format gets smaller and faster.

Weights that are merely set to zero would take as long to multiply with.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Hidden:
    """The units between two layers, which no other layer uses.

    producers  the layer that computes them, and the norm that follows it, if any
    consumer   the layer that takes them as inputs
    width      values per unit: 1 for a neuron or a channel, more for an attention head
    """

    producers: Sequence[nn.Module]
    consumer: nn.Module
    width: int = 1

    def __len__(self) -> int:
        return _weight(self.consumer).shape[1] // self.width

    def magnitudes(self) -> Tensor:
        """Return (units,): the norm of the weights into a unit, times that of those out of it.

        The product does not depend on how a pair of layers shares out its scale. A norm layer
        cancels the scale of the layer before it, so its own weights count.
        """
        produced = self._units(_weight(self.producers[-1]), 0).flatten(1)
        consumed = self._units(_weight(self.consumer), 1).flatten(1)
        return produced.norm(dim=1) * consumed.norm(dim=1)

    def keep(self, units: Tensor) -> None:
        """Remove all units but these."""
        for module, name, axis in self._tensors():
            tensor = getattr(module, name)
            parts = self._units(tensor.detach(), axis)[units].movedim(0, axis + 1)
            smaller = parts.flatten(axis, axis + 2).contiguous()
            setattr(module, name, nn.Parameter(smaller) if tensor.requires_grad else smaller)

    def _tensors(self) -> Iterator[tuple[nn.Module, str, int]]:
        """Yield each tensor that has values for every unit, and the axis of the units."""
        for module in self.producers:
            held = [*module.named_parameters(), *module.named_buffers()]
            yield from ((module, name, 0) for name, tensor in held if tensor.ndim)
        yield self.consumer, "weight", 1

    def _units(self, tensor: Tensor, axis: int) -> Tensor:
        """View a tensor by units: (units, ..., parts, width, ...), as of query, key and value."""
        return tensor.unflatten(axis, (-1, len(self), self.width)).movedim(axis + 1, 0)


class Prunable(Protocol):
    """A network that lists its hidden units."""

    def hidden(self) -> list[Hidden]:
        """Return the units between layers, in the order of the layers."""


def prune(network: Prunable, share: float) -> list[int]:
    """Remove a share of the hidden units of each layer, the smallest magnitudes first.

    Return how many remain. Li et al. 2017, "Pruning filters for efficient ConvNets".
    """
    for hidden in network.hidden():
        remaining = max(1, round(len(hidden) * (1 - share)))
        order = hidden.magnitudes().argsort(descending=True, stable=True)
        hidden.keep(order[:remaining].sort().values)
    return [len(hidden) for hidden in network.hidden()]


def shrink(network: Prunable, sizes: Sequence[int]) -> None:
    """Give a new network the sizes that `prune` returned; its weights are still to be loaded."""
    for hidden, size in zip(network.hidden(), sizes, strict=False):
        hidden.keep(torch.arange(size))


def _weight(module: nn.Module) -> Tensor:
    return cast("Tensor", module.weight).detach()
