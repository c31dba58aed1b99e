"""Core ML's elementwise operations: kernels of `interpreter.py`."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy import special

DTYPES = {"fp16": np.float16, "fp32": np.float32, "bool": np.bool_}  # all others are integers


def relu(x: np.ndarray) -> np.ndarray:
    """Replace negative numbers by 0."""
    return np.maximum(x, 0)


def relu6(x: np.ndarray) -> np.ndarray:
    """Limit numbers to 0 ... 6."""
    return np.clip(x, 0, 6)


def silu(x: np.ndarray) -> np.ndarray:
    """Multiply by the sigmoid."""
    return x * special.expit(x)


def cast(x: np.ndarray, dtype: str) -> np.ndarray:
    """Convert to another type."""
    return x.astype(DTYPES.get(dtype, np.int64))


def clip(x: np.ndarray, alpha: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Limit numbers to alpha ... beta."""
    return np.clip(x, alpha, beta)


def elu(x: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Return x above 0, and alpha (e^x - 1) below."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def gelu(x: np.ndarray, mode: str = "EXACT") -> np.ndarray:
    """Multiply by the normal distribution function, or its approximation by tanh."""
    if mode == "EXACT":
        return x * (special.erf(x * 0.5**0.5) + 1) / 2
    return x * (np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3)) + 1) / 2


def leaky_relu(x: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Multiply negative numbers by alpha."""
    return np.where(x >= 0, x, alpha * x)


def log(x: np.ndarray, epsilon: np.ndarray) -> np.ndarray:
    """Return the logarithm of x + epsilon."""
    return np.log(x + epsilon)


def real_div(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Divide; integers are rounded towards 0."""
    return x / y if x.dtype.kind == "f" else np.trunc(x / y).astype(x.dtype)


def rsqrt(x: np.ndarray, epsilon: np.ndarray) -> np.ndarray:
    """Return 1 / the square root of x + epsilon."""
    return 1 / np.sqrt(x + epsilon)


def select(cond: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Choose from `a` where `cond` is true, else from `b`."""
    return np.where(cond, a, b)


def sigmoid_hard(x: np.ndarray, alpha: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Limit alpha x + beta to 0 ... 1."""
    return np.clip(alpha * x + beta, 0, 1)


def thresholded_relu(x: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Replace numbers below alpha by 0."""
    return np.where(x >= alpha, x, np.zeros_like(x))


UNARY: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "abs": np.abs,
    "cos": np.cos,
    "erf": special.erf,
    "exp": np.exp,
    "floor": np.floor,
    "identity": np.copy,
    "logical_not": np.logical_not,
    "relu": relu,
    "relu6": relu6,
    "sigmoid": special.expit,
    "sign": np.sign,
    "silu": silu,
    "sin": np.sin,
    "sqrt": np.sqrt,
    "square": np.square,
    "tanh": np.tanh,
}
BINARY: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "add": np.add,
    "equal": np.equal,
    "floor_div": np.floor_divide,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "mod": np.mod,
    "mul": np.multiply,
    "not_equal": np.not_equal,
    "pow": np.power,
    "sub": np.subtract,
}
OTHERS: tuple[Callable[..., np.ndarray], ...] = (
    *(cast, clip, elu, gelu, leaky_relu, log, real_div, rsqrt, select),
    *(sigmoid_hard, thresholded_relu),
)


def _unary(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    return function(x)


def _binary(
    function: Callable[[np.ndarray, np.ndarray], np.ndarray], x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    return function(x, y)


KERNELS: dict[str, Callable[..., Any]] = {
    **{name: partial(_unary, function) for name, function in UNARY.items()},
    **{name: partial(_binary, function) for name, function in BINARY.items()},
    **{function.__name__: function for function in OTHERS},
}
