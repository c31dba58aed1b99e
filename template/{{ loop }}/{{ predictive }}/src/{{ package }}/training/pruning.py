"""Structured pruning: hidden units are removed, so that every format gets smaller and faster.

Weights that are merely set to zero would take as long to multiply with.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Hidden:
    """The units between two layers, which no other layer uses, by the names of their tensors.

    axes      the axis of the units in each tensor that has values for every one of them
    produced  the weight of the layer that computes them; if a norm follows it, that of the norm
    consumed  the weight of the layer that takes them as inputs
    width     values per unit: 1 for a neuron or a channel, more for an attention head
    """

    axes: dict[str, int]
    produced: str
    consumed: str
    width: int = 1

    def count(self, tensors: dict[str, np.ndarray]) -> int:
        """Return the number of units."""
        return tensors[self.consumed].shape[self.axes[self.consumed]] // self.width

    def magnitudes(self, tensors: dict[str, np.ndarray]) -> np.ndarray:
        """Return (units,): the norm of the weights into a unit, times that of those out of it.

        The product does not depend on how a pair of layers shares out its scale. A norm layer
        cancels the scale of the layer before it, so its own weights count.
        """
        both = (self._units(tensors, name) for name in (self.produced, self.consumed))
        produced, consumed = (np.linalg.norm(each.reshape(len(each), -1), axis=1) for each in both)
        return produced * consumed

    def kept(self, tensors: dict[str, np.ndarray], units: np.ndarray) -> dict[str, np.ndarray]:
        """Return the tensors that have values for the units, with these units alone."""
        found = {}
        for name, axis in self.axes.items():
            parts = np.moveaxis(self._units(tensors, name)[units], 0, axis + 1)
            shape = (*parts.shape[:axis], -1, *parts.shape[axis + 3 :])
            found[name] = np.ascontiguousarray(parts.reshape(shape))
        return found

    def _units(self, tensors: dict[str, np.ndarray], name: str) -> np.ndarray:
        """View a tensor by units: (units, ..., parts, width, ...), as of query, key and value."""
        tensor, axis = tensors[name], self.axes[name]
        split = (-1, self.count(tensors), self.width)
        shaped = tensor.reshape(*tensor.shape[:axis], *split, *tensor.shape[axis + 1 :])
        return np.moveaxis(shaped, axis + 1, 0)


def prune(
    tensors: dict[str, np.ndarray], layers: Sequence[Hidden], share: float
) -> tuple[dict[str, np.ndarray], list[int]]:
    """Remove a share of the hidden units of each layer, the smallest magnitudes first.

    Return the tensors, and how many units remain of each layer. Li et al. 2017, "Pruning filters
    for efficient ConvNets".
    """
    pruned, sizes = dict(tensors), []
    for hidden in layers:
        sizes.append(max(1, round(hidden.count(pruned) * (1 - share))))
        order = np.argsort(-hidden.magnitudes(pruned), kind="stable")
        pruned |= hidden.kept(pruned, np.sort(order[: sizes[-1]]))
    return pruned, sizes
