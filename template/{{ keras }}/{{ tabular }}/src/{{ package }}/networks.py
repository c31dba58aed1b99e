"""Networks for tables: all columns concatenated, or a token for each."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from .training.backend import KerasTensor, keras
from .training.backend import Model as Network
from .training.loss import final
from .training.pruning import Hidden
from .training.weights import between, named, uniform

layers, ops = keras.layers, keras.ops
HEAD = 16  # width of an attention head
EPSILON = 1e-5  # of normalisation
Sizes = Iterator[int]  # units of each hidden layer of a pruned network; empty for a new one


def _encoded(numbers: KerasTensor, start: np.ndarray, width: np.ndarray) -> KerasTensor:
    """Return (rows, numbers, bins), each in 0 ... 1: the part of a bin that lies below a number."""
    known = ops.where(ops.isnan(numbers), start[:, 0], numbers)
    above = ops.minimum(ops.expand_dims(known, 2) - start, width)
    root = width**-0.5  # twice: the reciprocal of a bin that is almost infinite would be zero
    return ops.clip(ops.maximum(above * root, 0) * root, 0, 1)


def _embedded(codes: KerasTensor, levels: list[int], width: int) -> KerasTensor:
    """Return (rows, columns, width): embeddings of categories, all columns in one table."""
    starts = np.cumsum([0, *levels[:-1]]).astype(np.int32)
    draws = keras.initializers.RandomNormal(0, width**-0.5)
    table = layers.Embedding(sum(levels), width, draws, name="layers.codes")
    # In this order: a vector that is added to a matrix is a bias, which LiteRT has in float32 only.
    return table(ops.add(starts, ops.cast(codes, "int32")))


def _linear(inputs: KerasTensor, units: int, name: str, activation: Any = None) -> KerasTensor:
    return layers.Dense(units, activation, name=name, **uniform(inputs.shape[-1]))(inputs)


def _mlp(
    numbers: KerasTensor | None,
    codes: Callable[[int], list[KerasTensor]],
    width: int,
    depth: int,
    dropout: float,
    sizes: Sizes,
) -> KerasTensor:
    """All columns concatenated, then fully connected layers: return (rows, width).

    `numbers` are (rows, numbers, bins) or None; `codes(width)` are (rows, columns, width), in a
    list, or [].
    """
    columns = [*([] if numbers is None else [numbers]), *codes(width // 8)]
    flat = [layers.Reshape((each.shape[1] * each.shape[2],))(each) for each in columns]
    hidden = ops.concatenate(flat, axis=1)
    for number in range(depth):
        hidden = _linear(hidden, next(sizes, width), f"layers.blocks.{number}", "relu")
        hidden = layers.Dropout(dropout, name=f"layers.blocks.{number}.dropout")(hidden)
    return hidden


def _ft_transformer(
    numbers: KerasTensor | None,
    codes: Callable[[int], list[KerasTensor]],
    width: int,
    depth: int,
    dropout: float,
    sizes: Sizes,
) -> KerasTensor:
    """A token for each column, and a class token (Gorishniy et al. 2021): return (rows, width).

    `numbers` are (rows, numbers, bins) or None; `codes(width)` are (rows, columns, width), in a
    list, or [].
    """
    draws, tokens = keras.initializers.RandomNormal(0, width**-0.5), codes(width)
    named = {"bias_axes": "nw", "kernel_initializer": draws, "bias_initializer": draws.clone()}
    if numbers is not None:
        shape = (numbers.shape[1], width)
        column = layers.EinsumDense("rnb,nbw->rnw", shape, **named, name="layers.numbers")
        tokens = [column(numbers), *tokens]
    zero = ops.zeros_like(tokens[0][:, :1, 0], dtype="int32")
    reader = layers.Embedding(1, width, draws.clone(), name="layers.reader")(zero)
    hidden = ops.concatenate([reader, *tokens], axis=1)
    for number in range(depth):
        hidden = _block(hidden, f"layers.blocks.{number}", dropout, sizes)
    return ops.relu(layers.LayerNormalization(epsilon=EPSILON, name="layers.norm")(hidden[:, 0]))


def _block(tokens: KerasTensor, name: str, dropout: float, sizes: Sizes) -> KerasTensor:
    """Attention, then a feed-forward layer, each with a pre-norm and a residual connection."""
    width = tokens.shape[2]
    heads = next(sizes, width // HEAD)
    normed = layers.LayerNormalization(epsilon=EPSILON, name=f"{name}.norm.0")(tokens)
    projected = _linear(normed, 3 * heads * HEAD, f"{name}.ask")
    attended = _attention(projected, tokens.shape[1], heads)
    answer = _linear(attended, width, f"{name}.answer")
    tokens = tokens + layers.Dropout(dropout, name=f"{name}.dropout.0")(answer)
    normed = layers.LayerNormalization(epsilon=EPSILON, name=f"{name}.norm.1")(tokens)
    hidden = _linear(normed, next(sizes, 2 * width), f"{name}.widen", _gelu)
    hidden = _linear(hidden, width, f"{name}.narrow")
    return tokens + layers.Dropout(dropout, name=f"{name}.dropout.1")(hidden)


def _attention(projected: KerasTensor, count: int, heads: int) -> KerasTensor:
    """Take (rows, tokens, 3 x heads x HEAD), return (rows, tokens, heads x HEAD)."""
    split = ops.transpose(ops.reshape(projected, (-1, count, 3, heads, HEAD)), (2, 0, 3, 1, 4))
    query, key, value = (split[part] for part in range(3))  # each (rows, heads, tokens, HEAD)
    scores = ops.matmul(query * HEAD**-0.5, ops.transpose(key, (0, 1, 3, 2)))
    mixed = ops.transpose(ops.matmul(ops.softmax(scores), value), (0, 2, 1, 3))
    return ops.reshape(mixed, (-1, count, heads * HEAD))


def _gelu(values: Any) -> Any:
    """Return the exact function: that of Keras uses erfc, which ONNX does not have.

    LiteRT has no erf either: its converter recognizes the function in this form.
    """
    return 0.5 * values * (1 + ops.erf(values * 0.5**0.5))


NETWORKS: dict[str, Any] = {"mlp": _mlp, "ft-transformer": _ft_transformer}


def network(fitted: dict[str, np.ndarray], seed: int = 0, **shape: Any) -> Network:
    """Return a network with random weights; `fitted` holds bins, and the scale of a number.

    It takes float32 (rows, features), codes last, and returns (rows, classes) or (rows,).
    """
    keras.utils.set_random_seed(seed)
    count, levels = shape["numbers"], shape["levels"]
    matrix = keras.Input((count + len(levels),), name="matrix")
    bins = (fitted["encode.start"], fitted["encode.width"])
    numbers = _encoded(matrix[:, :count], *bins) if count else None

    def codes(width: int) -> list[KerasTensor]:
        return [_embedded(matrix[:, count:], levels, width)] if levels else []

    sizes = iter(shape.get("hidden", ()))
    settings = (shape["width"], shape["depth"], shape["dropout"], sizes)
    features = NETWORKS[shape["name"]](numbers, codes, *settings)
    scores = _linear(features, shape["outputs"], "layers.head")
    return Network(matrix, final(fitted)(scores))


def hidden(network: Network) -> list[Hidden]:
    """Return the units between layers, for pruning: neurons, and attention heads."""
    weights = named(network)
    layers = [name.removesuffix(".kernel") for name in weights if name.endswith(".kernel")]
    blocks = [name.removesuffix(".ask") for name in layers if name.endswith(".ask")]
    if not blocks:
        return [between(weights, [first], second) for first, second in pairwise(layers)]
    pairs = (("ask", "answer", HEAD), ("widen", "narrow", 1))
    return [
        between(weights, [f"{block}.{first}"], f"{block}.{second}", width)
        for block in blocks
        for first, second, width in pairs
    ]
