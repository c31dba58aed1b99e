"""Core ML's elementwise operations: kernels of `interpreter.py`."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

FLOATS = {
    "fp16": torch.float16,
    "fp32": torch.float32,
    "bool": torch.bool,
}  # all others are integers
GELU = {"EXACT": "none", "TANH_APPROXIMATION": "tanh"}

UNARY: dict[str, Callable[[Tensor], Tensor]] = {
    "abs": torch.abs,
    "cos": torch.cos,
    "erf": torch.erf,
    "exp": torch.exp,
    "floor": torch.floor,
    "identity": torch.clone,
    "logical_not": torch.logical_not,
    "relu": F.relu,
    "relu6": F.relu6,
    "sigmoid": torch.sigmoid,
    "sign": torch.sign,
    "silu": F.silu,
    "sin": torch.sin,
    "sqrt": torch.sqrt,
    "tanh": torch.tanh,
}
BINARY: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": torch.add,
    "equal": torch.eq,
    "floor_div": torch.floor_divide,
    "greater": torch.gt,
    "greater_equal": torch.ge,
    "less": torch.lt,
    "less_equal": torch.le,
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "mod": torch.remainder,
    "mul": torch.mul,
    "not_equal": torch.ne,
    "pow": torch.pow,
    "sub": torch.sub,
}


def _unary(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return function(x)


def _binary(function: Callable[[Tensor, Tensor], Tensor], x: Tensor, y: Tensor) -> Tensor:
    return function(x, y)


def _cast(x: Tensor, dtype: str) -> Tensor:
    return x.to(FLOATS.get(dtype, torch.int64))


def _clip(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    return x.clamp(float(alpha), float(beta))


def _elu(x: Tensor, alpha: Tensor) -> Tensor:
    return F.elu(x, float(alpha))


def _gelu(x: Tensor, mode: str = "EXACT") -> Tensor:
    return F.gelu(x, approximate=GELU[mode])


def _leaky_relu(x: Tensor, alpha: Tensor) -> Tensor:
    return F.leaky_relu(x, float(alpha))


def _log(x: Tensor, epsilon: Tensor) -> Tensor:
    return torch.log(x + epsilon)


def _real_div(x: Tensor, y: Tensor) -> Tensor:
    return x / y if x.is_floating_point() else torch.div(x, y, rounding_mode="trunc")


def _rsqrt(x: Tensor, epsilon: Tensor) -> Tensor:
    return torch.rsqrt(x + epsilon)


def _select(cond: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return torch.where(cond, a, b)


def _sigmoid_hard(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    return (alpha * x + beta).clamp(0, 1)


def _thresholded_relu(x: Tensor, alpha: Tensor) -> Tensor:
    return torch.where(x >= alpha, x, 0)


_OTHERS: tuple[Callable[..., Any], ...] = (
    _cast,
    _clip,
    _elu,
    _gelu,
    _leaky_relu,
    _log,
    _real_div,
    _rsqrt,
    _select,
    _sigmoid_hard,
    _thresholded_relu,
)
KERNELS: dict[str, Callable[..., Any]] = {
    **{name: partial(_unary, function) for name, function in UNARY.items()},
    **{name: partial(_binary, function) for name, function in BINARY.items()},
    **{function.__name__[1:]: function for function in _OTHERS},
}
