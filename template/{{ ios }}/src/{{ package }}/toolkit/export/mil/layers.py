"""Core ML's layers: kernels of `interpreter.py`. Sums are float32 where the program is float16."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from scipy import special

NO = np.array(False)
ONE = np.array(1)
NONE = np.array([], np.int64)
REDUCE: dict[str, Callable[..., np.ndarray]] = {
    "max": np.max,
    "mean": np.mean,
    "min": np.min,
    "sum": np.sum,
}


def linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """Multiply by the transposed weight, and add the bias."""
    product = _product(x, weight.T)
    return product if bias is None else product + bias


def matmul(
    x: np.ndarray, y: np.ndarray, transpose_x: np.ndarray = NO, transpose_y: np.ndarray = NO
) -> np.ndarray:
    """Multiply matrices, each optionally transposed."""
    return _product(x.mT if transpose_x else x, y.mT if transpose_y else y)


def einsum(values: list[np.ndarray], equation: str) -> np.ndarray:
    """Evaluate an Einstein summation."""
    return np.einsum(equation, *values, optimize=True)


def batch_norm(
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    gamma: np.ndarray | None = None,
    beta: np.ndarray | None = None,
    epsilon: float = 1e-5,
) -> np.ndarray:
    """Normalise each channel by the running statistics."""
    scale = 1 / np.sqrt(variance + epsilon)
    scale = scale if gamma is None else scale * gamma
    shift = -mean * scale if beta is None else beta - mean * scale
    channels = (-1, *(1,) * (x.ndim - 2))
    return x * scale.reshape(channels) + shift.reshape(channels)


def layer_norm(
    x: np.ndarray,
    axes: np.ndarray,
    gamma: np.ndarray | None = None,
    beta: np.ndarray | None = None,
    epsilon: float = 1e-5,
) -> np.ndarray:
    """Normalise over the last axes by their mean and standard deviation."""
    positions = tuple(axis % x.ndim for axis in axes.tolist())
    assert positions == tuple(range(x.ndim - len(positions), x.ndim)), positions
    centred = x - x.mean(axis=positions, keepdims=True)
    normalised = centred / np.sqrt((centred**2).mean(axis=positions, keepdims=True) + epsilon)
    scaled = normalised if gamma is None else normalised * gamma
    return scaled if beta is None else scaled + beta


def softmax(x: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Return the softmax over an axis."""
    return special.softmax(x, axis=int(axis))


def conv(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    strides: np.ndarray = ONE,
    pad_type: str = "valid",
    pad: np.ndarray = NONE,
    dilations: np.ndarray = ONE,
    groups: np.ndarray = ONE,
) -> np.ndarray:
    """Convolve (rows, channels, ...) with (channels, channels / groups, ...)."""
    kernel, rank, count = weight.shape[2:], x.ndim - 2, int(groups)
    steps, spread = _each(strides, rank), _each(dilations, rank)
    widths = _widths(x, pad_type, pad, kernel, steps, spread)
    padded = _padded(x.astype(np.float32), widths, 0)
    factors = weight.astype(np.float32).reshape(count, -1, weight.shape[1], math.prod(kernel))
    windows = [*_windows(padded, kernel, steps, spread)]
    sides = windows[0].shape[2:]
    total = np.zeros((len(x), count, factors.shape[1], math.prod(sides)), np.float32)
    for position, window in enumerate(windows):  # of the kernel
        total += factors[..., position] @ window.reshape(len(x), count, weight.shape[1], -1)
    convolved = total.reshape(len(x), len(weight), *sides).astype(x.dtype)
    return convolved if bias is None else convolved + bias.reshape(-1, *(1,) * rank)


def max_pool(
    x: np.ndarray,
    kernel_sizes: np.ndarray,
    strides: np.ndarray = ONE,
    pad_type: str = "valid",
    pad: np.ndarray = NONE,
    ceil_mode: np.ndarray = NO,
) -> np.ndarray:
    """Return the maximum of each window."""
    kernel, steps = kernel_sizes.tolist(), _each(strides, x.ndim - 2)
    widths = _widths(x, pad_type, pad, kernel, steps)
    padded = _padded(x, widths, -np.inf)
    if ceil_mode:
        padded = _extended(padded, _ends(x, widths), kernel, steps, -np.inf)
    return np.maximum.reduce([*_windows(padded, kernel, steps)])


def avg_pool(
    x: np.ndarray,
    kernel_sizes: np.ndarray,
    strides: np.ndarray = ONE,
    pad_type: str = "valid",
    pad: np.ndarray = NONE,
    exclude_padding_from_average: np.ndarray = NO,
    ceil_mode: np.ndarray = NO,
) -> np.ndarray:
    """Return the mean of each window; what rounding up the size adds never counts."""
    kernel, steps = kernel_sizes.tolist(), _each(strides, x.ndim - 2)
    widths = _widths(x, pad_type, pad, kernel, steps)
    counted = np.ones_like(x[:1, :1], np.float32)
    padded = _padded(x, widths, 0)
    counted = _padded(counted, widths, 0 if exclude_padding_from_average else 1)
    if ceil_mode:
        ends = _ends(x, widths)
        padded, counted = (_extended(each, ends, kernel, steps, 0) for each in (padded, counted))
    total, count = (
        np.add.reduce([*_windows(each, kernel, steps)], dtype=np.float32)
        for each in (padded, counted)
    )
    return (total / count).astype(x.dtype)


def _product(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Multiply matrices; NumPy has no fast product of float16."""
    if x.dtype == np.float16:
        return (x.astype(np.float32) @ y.astype(np.float32)).astype(np.float16)
    return x @ y


def _reduce(
    function: Callable[..., np.ndarray],
    x: np.ndarray,
    axes: np.ndarray = NONE,
    keep_dims: np.ndarray = NO,
) -> np.ndarray:
    return function(x, axis=tuple(axes.tolist()) or None, keepdims=bool(keep_dims))


def _widths(
    x: np.ndarray,
    pad_type: str,
    pad: np.ndarray,
    kernel: Sequence[int],
    steps: Sequence[int],
    dilations: Sequence[int] = (),
) -> list[list[int]]:
    """Return how far each axis is padded before and after it.

    With `same`, an axis gets ceil(side / step) windows, and an odd padding is longer after it.
    """
    if pad_type == "custom":
        return pad.reshape(-1, 2).tolist()
    if pad_type == "valid":
        return [[0, 0]] * len(kernel)
    assert pad_type == "same", pad_type
    axes = zip(x.shape[2:], _reach(kernel, dilations), steps, strict=True)
    totals = [max(0, (-(-side // step) - 1) * step + far - side) for side, far, step in axes]
    return [[total // 2, total - total // 2] for total in totals]


def _reach(kernel: Sequence[int], dilations: Sequence[int]) -> list[int]:
    """Return the length of a window on each axis."""
    spread = dilations or [1] * len(kernel)
    return [1 + dilation * (length - 1) for dilation, length in zip(spread, kernel, strict=True)]


def _padded(x: np.ndarray, widths: list[list[int]], value: float) -> np.ndarray:
    return np.pad(x, [(0, 0), (0, 0), *widths], constant_values=value) if np.any(widths) else x


def _ends(x: np.ndarray, widths: list[list[int]]) -> list[int]:
    """Return for each axis where the padding after it begins."""
    return [side + before for side, (before, _) in zip(x.shape[2:], widths, strict=True)]


def _extended(
    x: np.ndarray, ends: list[int], kernel: Sequence[int], steps: Sequence[int], value: float
) -> np.ndarray:
    """Extend each axis so that a last window is whole, if it begins before the end."""
    widths = []
    for side, end, length, step in zip(x.shape[2:], ends, kernel, steps, strict=True):
        width = -(side - length) % step
        widths.append((0, width if side + width - length < end else 0))
    return np.pad(x, [(0, 0), (0, 0), *widths], constant_values=value)


def _windows(
    x: np.ndarray, kernel: Sequence[int], steps: Sequence[int], dilations: Sequence[int] = ()
) -> Iterator[np.ndarray]:
    """Yield for each position of the kernel what all windows have there."""
    spread, reach = dilations or [1] * len(kernel), _reach(kernel, dilations)
    for position in product(*map(range, kernel)):
        starts = [dilation * place for dilation, place in zip(spread, position, strict=True)]
        ends = [side - far + 1 for side, far in zip(x.shape[2:], reach, strict=True)]
        axes = zip(starts, ends, steps, strict=True)
        yield x[:, :, *(slice(start, start + end, step) for start, end, step in axes)]


def _each(value: np.ndarray, count: int) -> list[int]:
    return np.broadcast_to(value, count).tolist()


LAYERS: tuple[Callable[..., Any], ...] = (
    *(linear, matmul, einsum, batch_norm, layer_norm, softmax, conv, max_pool, avg_pool),
)
KERNELS: dict[str, Callable[..., Any]] = {
    **{f"reduce_{name}": partial(_reduce, function) for name, function in REDUCE.items()},
    **{layer.__name__: layer for layer in LAYERS},
}
