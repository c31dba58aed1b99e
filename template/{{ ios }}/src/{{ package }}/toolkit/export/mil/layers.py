"""Core ML's operations that reduce or normalise axes: kernels of `interpreter.py`."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

NO = torch.tensor(False)
ALL = torch.tensor([], dtype=torch.int64)
REDUCE: dict[str, Callable[..., Tensor]] = {
    "max": torch.amax,
    "mean": torch.mean,
    "min": torch.amin,
    "sum": torch.sum,
}


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Multiply by the transposed weight, and add the bias."""
    return F.linear(x, weight, bias)


def matmul(x: Tensor, y: Tensor, transpose_x: Tensor = NO, transpose_y: Tensor = NO) -> Tensor:
    """Multiply matrices, each optionally transposed."""
    return (x.mT if transpose_x else x) @ (y.mT if transpose_y else y)


def einsum(values: list[Tensor], equation: str) -> Tensor:
    """Evaluate an Einstein summation."""
    return torch.einsum(equation, values)


def batch_norm(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: float = 1e-5,
) -> Tensor:
    """Normalise each channel by the running statistics."""
    return F.batch_norm(x, mean, variance, gamma, beta, eps=float(epsilon))


def layer_norm(
    x: Tensor,
    axes: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: float = 1e-5,
) -> Tensor:
    """Normalise over the last axes by their mean and standard deviation."""
    positions = [axis % x.ndim for axis in axes.tolist()]
    assert positions == list(range(x.ndim - len(positions), x.ndim)), positions
    return F.layer_norm(x, x.shape[positions[0] :], gamma, beta, float(epsilon))


def softmax(x: Tensor, axis: Tensor) -> Tensor:
    """Return the softmax over an axis."""
    return x.softmax(dim=int(axis))


def _reduce(
    function: Callable[..., Tensor], x: Tensor, axes: Tensor = ALL, keep_dims: Tensor = NO
) -> Tensor:
    dims = axes.tolist() or list(range(x.ndim))
    return function(x, dim=dims, keepdim=bool(keep_dims))


_LAYERS: tuple[Callable[..., Any], ...] = (linear, matmul, einsum, batch_norm, layer_norm, softmax)
KERNELS: dict[str, Callable[..., Any]] = {
    **{f"reduce_{name}": partial(_reduce, function) for name, function in REDUCE.items()},
    **{layer.__name__: layer for layer in _LAYERS},
}
