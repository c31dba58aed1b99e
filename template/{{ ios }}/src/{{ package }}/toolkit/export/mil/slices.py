"""Core ML's operations that index, slice and join: kernels of `interpreter.py`."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

NO = torch.tensor(False)
ZERO = torch.tensor(0)


def concat(values: list[Tensor], axis: Tensor, interleave: Tensor = NO) -> Tensor:
    """Join along an axis; the converter does not use interleaving."""
    assert not interleave
    return torch.cat([torch.atleast_1d(value) for value in values], dim=int(axis))


def gather(
    x: Tensor,
    indices: Tensor,
    axis: Tensor = ZERO,
    batch_dims: Tensor = ZERO,
    validate_indices: Tensor = NO,
) -> Tensor:
    """Index an axis, which the axes of `indices` replace; negative indices count from the end."""
    assert not batch_dims
    position = int(axis) % x.ndim
    positive = torch.where(indices < 0, indices + x.shape[position], indices)
    picked = x.index_select(position, positive.flatten())
    return picked.reshape([*x.shape[:position], *indices.shape, *x.shape[position + 1 :]])


def gather_along_axis(
    x: Tensor, indices: Tensor, axis: Tensor = ZERO, validate_indices: Tensor = NO
) -> Tensor:
    """Index an axis separately for each position of `indices`."""
    return torch.take_along_dim(x, indices, dim=int(axis))


def gather_nd(
    x: Tensor, indices: Tensor, batch_dims: Tensor = ZERO, validate_indices: Tensor = NO
) -> Tensor:
    """Index the first axes of `x` by the last axis of `indices`."""
    assert not batch_dims
    return x[indices.unbind(-1)]


def slice_by_index(
    x: Tensor,
    begin: Tensor,
    end: Tensor,
    stride: Tensor | None = None,
    begin_mask: Tensor | None = None,
    end_mask: Tensor | None = None,
    squeeze_mask: Tensor | None = None,
) -> Tensor:
    """Slice each axis; masks mark where `begin` or `end` is open, or one position is selected."""
    off = torch.zeros(x.ndim, dtype=torch.bool)
    open_begin, open_end, single = (
        (off if mask is None else mask).tolist() for mask in (begin_mask, end_mask, squeeze_mask)
    )
    steps = [1] * x.ndim if stride is None else stride.tolist()
    slices: list[Any] = []
    for axis, (first, last) in enumerate(zip(begin.tolist(), end.tolist(), strict=True)):
        ends = (None if open_begin[axis] else first, None if open_end[axis] else last)
        slices.append(first if single[axis] else slice(*ends, steps[axis]))
    return x[tuple(slices)]


def split(
    x: Tensor, axis: Tensor, num_splits: Tensor | None = None, split_sizes: Tensor | None = None
) -> tuple[Tensor, ...]:
    """Split an axis into parts of given or equal lengths."""
    if split_sizes is not None:
        return x.split(split_sizes.tolist(), dim=int(axis))
    assert num_splits is not None
    return x.chunk(int(num_splits), dim=int(axis))


def stack(values: list[Tensor], axis: Tensor) -> Tensor:
    """Join along a new axis."""
    return torch.stack(values, dim=int(axis))


KERNELS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (concat, gather, gather_along_axis, gather_nd, slice_by_index, split, stack)
}
