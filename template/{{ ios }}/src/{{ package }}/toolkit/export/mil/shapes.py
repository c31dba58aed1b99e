"""Core ML's operations that make, reshape, slice and join arrays: kernels of `interpreter.py`."""

from collections.abc import Callable
from typing import Any

import numpy as np

NO = np.array(False)
ZERO = np.array(0)
PAD = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}  # Core ML's -> NumPy's


def concat(values: list[np.ndarray], axis: np.ndarray, interleave: np.ndarray = NO) -> np.ndarray:
    """Join along an axis; the converter does not use interleaving."""
    assert not interleave
    return np.concatenate([np.atleast_1d(value) for value in values], axis=int(axis))


def expand_dims(x: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Insert axes of length 1, numbered as in the result."""
    return np.expand_dims(x, tuple(axes.tolist()))


def fill(shape: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return an array filled with one value."""
    return np.full(shape.tolist(), value)


def fill_like(ref_tensor: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return an array of the shape of another one, filled with one value."""
    return np.full(ref_tensor.shape, value)


def gather(
    x: np.ndarray,
    indices: np.ndarray,
    axis: np.ndarray = ZERO,
    batch_dims: np.ndarray = ZERO,
    validate_indices: np.ndarray = NO,
) -> np.ndarray:
    """Index an axis, which the axes of `indices` replace; negative indices count from the end."""
    assert not batch_dims
    return np.take(x, indices, axis=int(axis))


def gather_along_axis(
    x: np.ndarray, indices: np.ndarray, axis: np.ndarray = ZERO, validate_indices: np.ndarray = NO
) -> np.ndarray:
    """Index an axis separately for each position of `indices`."""
    return np.take_along_axis(x, indices, axis=int(axis))


def gather_nd(
    x: np.ndarray,
    indices: np.ndarray,
    batch_dims: np.ndarray = ZERO,
    validate_indices: np.ndarray = NO,
) -> np.ndarray:
    """Index the first axes of `x` by the last axis of `indices`."""
    assert not batch_dims
    return x[tuple(np.moveaxis(indices, -1, 0))]


def pad(
    x: np.ndarray, pad: np.ndarray, mode: str = "constant", constant_val: np.ndarray = ZERO
) -> np.ndarray:
    """Pad the last axes; `pad` holds (before, after) for each, the last axis last."""
    widths = np.zeros((x.ndim, 2), int)
    widths[x.ndim - len(pad) // 2 :] = pad.reshape(-1, 2)
    options = {"constant_values": x.dtype.type(constant_val)} if mode == "constant" else {}
    return np.pad(x, widths, PAD[mode], **options)  # type: ignore[call-overload]


def range_1d(start: np.ndarray, end: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Count from `start` to below `end`."""
    return np.arange(start.item(), end.item(), step.item(), dtype=start.dtype)


def reshape(x: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Change the shape; 0 keeps a length, -1 is inferred."""
    lengths = enumerate(shape.tolist())
    return x.reshape([length or x.shape[axis] for axis, length in lengths])


def shape(x: np.ndarray) -> np.ndarray:
    """Return the lengths of all axes."""
    return np.array(x.shape)


def slice_by_index(
    x: np.ndarray,
    begin: np.ndarray,
    end: np.ndarray,
    stride: np.ndarray | None = None,
    begin_mask: np.ndarray | None = None,
    end_mask: np.ndarray | None = None,
    squeeze_mask: np.ndarray | None = None,
) -> np.ndarray:
    """Slice each axis; masks mark where `begin` or `end` is open, or one position is selected."""
    off = np.zeros(x.ndim, bool)
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
    x: np.ndarray,
    axis: np.ndarray,
    num_splits: np.ndarray | None = None,
    split_sizes: np.ndarray | None = None,
) -> tuple[np.ndarray, ...]:
    """Split an axis into parts of given or equal lengths."""
    parts = num_splits if split_sizes is None else np.cumsum(split_sizes)[:-1]
    assert parts is not None
    return tuple(np.split(x, parts if parts.ndim else int(parts), axis=int(axis)))


def squeeze(x: np.ndarray, axes: np.ndarray | None = None) -> np.ndarray:
    """Remove axes of length 1."""
    return np.squeeze(x, None if axes is None else tuple(axes.tolist()))


def stack(values: list[np.ndarray], axis: np.ndarray) -> np.ndarray:
    """Join along a new axis."""
    return np.stack(values, axis=int(axis))


def tile(x: np.ndarray, reps: np.ndarray) -> np.ndarray:
    """Repeat each axis."""
    return np.tile(x, reps.tolist())


def transpose(x: np.ndarray, perm: np.ndarray) -> np.ndarray:
    """Permute the axes."""
    return x.transpose(perm.tolist())


ALL: tuple[Callable[..., Any], ...] = (
    *(concat, expand_dims, fill, fill_like, gather, gather_along_axis, gather_nd, pad, range_1d),
    *(reshape, shape, slice_by_index, split, squeeze, stack, tile, transpose),
)
KERNELS: dict[str, Callable[..., Any]] = {function.__name__: function for function in ALL}
