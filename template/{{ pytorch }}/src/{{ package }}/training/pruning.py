"""Smaller networks: whole hidden units go, so that every format gets smaller and faster.

Weights that are only set to zero would take as long to multiply with.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Hidden:
    """The units between two layers, which nothing else sees.

    made   the layer that makes them, and the norm that follows it, if one does
    read   the layer that takes them in
    width  numbers a unit: 1 for a neuron or a channel, more for an attention head
    """

    made: Sequence[nn.Module]
    read: nn.Module
    width: int = 1

    def __len__(self) -> int:
        return _weight(self.read).shape[1] // self.width

    def magnitudes(self) -> Tensor:
        """Return (units,): the norm of what makes a unit, times the norm of what reads it.

        So it is the same however a pair of layers shares out its scale. A norm layer undoes the
        scale of the layer before it, so its own counts.
        """
        made = self._units(_weight(self.made[-1]), 0).flatten(1)
        read = self._units(_weight(self.read), 1).flatten(1)
        return made.norm(dim=1) * read.norm(dim=1)

    def keep(self, units: Tensor) -> None:
        """Take away all units but these."""
        for module, name, axis in self._tensors():
            tensor = getattr(module, name)
            parts = self._units(tensor.detach(), axis)[units].movedim(0, axis + 1)
            smaller = parts.flatten(axis, axis + 2).contiguous()
            setattr(module, name, nn.Parameter(smaller) if tensor.requires_grad else smaller)

    def _tensors(self) -> Iterator[tuple[nn.Module, str, int]]:
        """Yield each tensor that holds something of every unit, and along which axis."""
        for module in self.made:
            held = [*module.named_parameters(), *module.named_buffers()]
            yield from ((module, name, 0) for name, tensor in held if tensor.ndim)
        yield self.read, "weight", 1

    def _units(self, tensor: Tensor, axis: int) -> Tensor:
        """View a tensor by units: (units, ..., parts, width, ...), as of query, key and value."""
        return tensor.unflatten(axis, (-1, len(self), self.width)).movedim(axis + 1, 0)


class Prunable(Protocol):
    """A network that tells its hidden units."""

    def hidden(self) -> list[Hidden]:
        """Return the units between layers, in the order of the layers."""


def prune(network: Prunable, share: float) -> list[int]:
    """Take away a share of the hidden units of each layer, the least magnitudes first.

    Return how many are left. Li et al. 2017, "Pruning filters for efficient ConvNets".
    """
    for hidden in network.hidden():
        left = max(1, round(len(hidden) * (1 - share)))
        order = hidden.magnitudes().argsort(descending=True, stable=True)
        hidden.keep(order[:left].sort().values)
    return [len(hidden) for hidden in network.hidden()]


def shrink(network: Prunable, sizes: Sequence[int]) -> None:
    """Give a fresh network the sizes that `prune` returned; its weights are still to be loaded."""
    for hidden, size in zip(network.hidden(), sizes, strict=False):
        hidden.keep(torch.arange(size))


def _weight(module: nn.Module) -> Tensor:
    return cast("Tensor", module.weight).detach()
