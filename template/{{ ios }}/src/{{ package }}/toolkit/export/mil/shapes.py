"""Core ML's operations on shapes: kernels of `interpreter.py`."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

ZERO = torch.tensor(0)


def expand_dims(x: Tensor, axes: Tensor) -> Tensor:
    """Insert axes of length 1, numbered as in the result."""
    rank = x.ndim + len(axes)
    for axis in sorted(axis % rank for axis in axes.tolist()):
        x = x.unsqueeze(axis)
    return x


def fill(shape: Tensor, value: Tensor) -> Tensor:
    """Return a tensor filled with one value."""
    return torch.full(shape.tolist(), value.item(), dtype=value.dtype)


def fill_like(ref_tensor: Tensor, value: Tensor) -> Tensor:
    """Return a tensor of the shape of another one, filled with one value."""
    return torch.full(ref_tensor.shape, value.item(), dtype=value.dtype)


def pad(x: Tensor, pad: Tensor, mode: str = "constant", constant_val: Tensor = ZERO) -> Tensor:
    """Pad the last axes; `pad` holds (before, after) for each, the last axis last."""
    pairs = pad.reshape(-1, 2).flip(0).flatten().tolist()
    value = float(constant_val) if mode == "constant" else None
    return F.pad(x, pairs, mode, value)


def range_1d(start: Tensor, end: Tensor, step: Tensor) -> Tensor:
    """Count from `start` to below `end`."""
    return torch.arange(start.item(), end.item(), step.item(), dtype=start.dtype)


def reshape(x: Tensor, shape: Tensor) -> Tensor:
    """Change the shape; 0 keeps a length, -1 is inferred."""
    lengths = enumerate(shape.tolist())
    return x.reshape([length or x.shape[axis] for axis, length in lengths])


def shape(x: Tensor) -> Tensor:
    """Return the lengths of all axes."""
    return torch.tensor(x.shape)


def squeeze(x: Tensor, axes: Tensor | None = None) -> Tensor:
    """Remove axes of length 1."""
    return x.squeeze() if axes is None else x.squeeze(axes.tolist())


def tile(x: Tensor, reps: Tensor) -> Tensor:
    """Repeat each axis."""
    return x.repeat(reps.tolist())


def transpose(x: Tensor, perm: Tensor) -> Tensor:
    """Permute the axes."""
    return x.permute(perm.tolist())


KERNELS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (expand_dims, fill, fill_like, pad, range_1d, reshape, shape, squeeze, tile, transpose)
}
