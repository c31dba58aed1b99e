"""Core ML's convolution and pooling: kernels of `interpreter.py`. Shapes: (rows, channels, ...)."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

NO = torch.tensor(False)
ONE = torch.tensor(1)
NONE = torch.tensor([], dtype=torch.int64)
CONV = {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}  # by rank
MAX_POOL = {3: F.max_pool1d, 4: F.max_pool2d, 5: F.max_pool3d}
AVG_POOL: dict[int, Callable[..., Tensor]] = {3: F.avg_pool1d, 4: F.avg_pool2d, 5: F.avg_pool3d}


def conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    strides: Tensor = ONE,
    pad_type: str = "valid",
    pad: Tensor = NONE,
    dilations: Tensor = ONE,
    groups: Tensor = ONE,
) -> Tensor:
    """Convolve (rows, channels, ...) with (channels, channels / groups, ...)."""
    padded = _padded(x, pad_type, pad)
    steps, dilation = (_each(value, x.ndim - 2) for value in (strides, dilations))
    return CONV[x.ndim](padded, weight, bias, steps, 0, dilation, int(groups))


def max_pool(
    x: Tensor,
    kernel_sizes: Tensor,
    strides: Tensor = ONE,
    pad_type: str = "valid",
    pad: Tensor = NONE,
    ceil_mode: Tensor = NO,
) -> Tensor:
    """Return the maximum of each window."""
    padded = _padded(x, pad_type, pad, -torch.inf)
    steps = _each(strides, x.ndim - 2)
    return MAX_POOL[x.ndim](padded, kernel_sizes.tolist(), steps, ceil_mode=bool(ceil_mode))


def avg_pool(
    x: Tensor,
    kernel_sizes: Tensor,
    strides: Tensor = ONE,
    pad_type: str = "valid",
    pad: Tensor = NONE,
    exclude_padding_from_average: Tensor = NO,
    ceil_mode: Tensor = NO,
) -> Tensor:
    """Return the mean of each window."""
    options = (kernel_sizes.tolist(), _each(strides, x.ndim - 2), 0, bool(ceil_mode))
    mean = AVG_POOL[x.ndim](_padded(x, pad_type, pad), *options)
    if not exclude_padding_from_average:
        return mean
    return mean / AVG_POOL[x.ndim](_padded(torch.ones_like(x), pad_type, pad), *options)


def _padded(x: Tensor, pad_type: str, pad: Tensor, value: float = 0.0) -> Tensor:
    assert pad_type in ("valid", "custom"), pad_type
    pairs = pad.reshape(-1, 2).flip(0).flatten().tolist() if pad_type == "custom" else []
    return F.pad(x, pairs, value=value)


def _each(value: Tensor, count: int) -> list[int]:
    return value.expand(count).tolist()


KERNELS: dict[str, Callable[..., Any]] = {f.__name__: f for f in (conv, max_pool, avg_pool)}
