"""Networks for tables: all columns concatenated, or a token for each."""

from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

from .training.loss import final
from .training.modules import Dropout, linear, normal, shrink
from .training.pruning import Hidden

HEAD = 16  # width of an attention head
# Of the units of numbers: XLA multiplies by 1 / width, which of the widest bins would round to 0.
SCALE = np.float32(2**-4)
LayerNorm = partial(nnx.LayerNorm, epsilon=1e-5)


class Network(nnx.Module):
    """The network that is trained and exported; its inputs are those of `Features`, codes last."""

    def __init__(
        self, fitted: dict[str, np.ndarray], name: str, rngs: nnx.Rngs, **shape: Any
    ) -> None:
        self.encode = Numbers(fitted["encode.start"], fitted["encode.width"])
        self.numbers, bins = fitted["encode.start"].shape
        self.layers = NETWORKS[name](bins=bins, rngs=rngs, **shape)
        self.final = final(fitted)

    def __call__(self, matrix: Array, rngs: nnx.Rngs | None = None) -> Array:
        """Take float32 (rows, features), return (rows, classes) logits or (rows,) values.

        With `rngs`, hidden units are dropped.
        """
        numbers, codes = self.encode(matrix[:, : self.numbers]), matrix[:, self.numbers :]
        return self.final(self.layers(numbers, codes, rngs))


class Numbers(nnx.Module):
    """Piecewise linear encoding: the part of each bin that lies below a number."""

    def __init__(self, start: np.ndarray, width: np.ndarray) -> None:
        self.start = nnx.Variable(jnp.array(start * SCALE))
        self.width = nnx.Variable(jnp.array(width * SCALE))

    def __call__(self, numbers: Array) -> Array:
        """Take float32 (rows, numbers), return (rows, numbers, bins), each in 0 ... 1."""
        start, width = self.start[...], self.width[...]
        known = jnp.where(jnp.isnan(numbers), start[:, 0], numbers * SCALE)
        return jnp.clip((known[:, :, None] - start) / width, 0, 1)


class Codes(nnx.Module):
    """Embeddings of categories, all columns in one table."""

    def __init__(self, levels: list[int], width: int, rngs: nnx.Rngs) -> None:
        starts = np.cumsum([0, *levels])[: len(levels)]
        self.starts = nnx.Variable(jnp.array(starts, jnp.int32))
        rows = max(1, sum(levels))  # at least one, never used
        self.table = normal((rows, width), rngs)

    def __call__(self, codes: Array) -> Array:
        """Take float32 (rows, columns), return (rows, columns, width)."""
        places = codes.astype(jnp.int32) + self.starts[...]
        return jnp.take(self.table[...], places, axis=0, mode="clip")


class MLP(nnx.Module):
    """All columns concatenated, then fully connected layers."""

    def __init__(
        self,
        bins: int,
        numbers: int,
        levels: list[int],
        outputs: int,
        width: int,
        depth: int,
        dropout: float,
        rngs: nnx.Rngs,
    ) -> None:
        self.codes = Codes(levels, width // 8, rngs)
        widths = [numbers * bins + len(levels) * (width // 8), *[width] * (depth - 1)]
        self.blocks = nnx.List([linear(inputs, width, rngs) for inputs in widths])
        self.dropout = Dropout(dropout)
        self.head = linear(width, outputs, rngs)

    def hidden(self, name: str) -> list[Hidden]:
        """Return the neurons of each layer."""
        layers = [f"{name}.blocks.{number}" for number in range(len(self.blocks))]
        return [_between(*pair) for pair in pairwise([*layers, f"{name}.head"])]

    def __call__(self, numbers: Array, codes: Array, rngs: nnx.Rngs | None) -> Array:
        """Take (rows, numbers, bins) and (rows, columns), return (rows, outputs)."""
        hidden = jnp.concatenate([*map(_flat, _filled(numbers, self.codes(codes)))], axis=1)
        for block in self.blocks:
            hidden = self.dropout(jax.nn.relu(block(hidden)), rngs)
        return self.head(hidden)


class FTTransformer(nnx.Module):
    """A token for each column, and a class token (Gorishniy et al. 2021)."""

    def __init__(
        self,
        bins: int,
        numbers: int,
        levels: list[int],
        outputs: int,
        width: int,
        depth: int,
        dropout: float,
        rngs: nnx.Rngs,
    ) -> None:
        self.codes = Codes(levels, width, rngs)
        self.weight = normal((numbers, bins, width), rngs)
        self.bias, self.reader = normal((numbers, width), rngs), normal((1, width), rngs)
        self.blocks = nnx.List([Block(width, dropout, rngs) for _ in range(depth)])
        self.norm, self.head = LayerNorm(width, rngs=rngs), linear(width, outputs, rngs)

    def hidden(self, name: str) -> list[Hidden]:
        """Return the heads and the neurons of each block."""
        blocks = enumerate(self.blocks)
        return [each for n, block in blocks for each in block.hidden(f"{name}.blocks.{n}")]

    def __call__(self, numbers: Array, codes: Array, rngs: nnx.Rngs | None) -> Array:
        """Take (rows, numbers, bins) and (rows, columns), return (rows, outputs)."""
        columns = jnp.einsum("rnb,nbw->rnw", numbers, self.weight[...]) + self.bias[...]
        reader = jnp.broadcast_to(self.reader[...], (numbers.shape[0], *self.reader.shape))
        tokens = jnp.concatenate(_filled(reader, columns, self.codes(codes)), axis=1)
        for block in self.blocks:
            tokens = block(tokens, rngs)
        return self.head(jax.nn.relu(self.norm(tokens[:, 0])))


class Block(nnx.Module):
    """Attention, then a feed-forward layer, each with a pre-norm and a residual connection."""

    def __init__(self, width: int, dropout: float, rngs: nnx.Rngs) -> None:
        self.norms = nnx.List([LayerNorm(width, rngs=rngs) for _ in range(2)])
        self.ask, self.answer = linear(width, 3 * width, rngs), linear(width, width, rngs)
        self.grow, self.shrink = linear(width, 2 * width, rngs), linear(2 * width, width, rngs)
        self.dropout = Dropout(dropout)

    def hidden(self, name: str) -> list[Hidden]:
        """Return the attention heads, and the neurons of the feed-forward layer."""
        heads = _between(f"{name}.ask", f"{name}.answer", HEAD)
        return [heads, _between(f"{name}.grow", f"{name}.shrink")]

    def __call__(self, tokens: Array, rngs: nnx.Rngs | None) -> Array:
        """Take and return (rows, tokens, width)."""
        projected = self.ask(self.norms[0](tokens))
        heads = projected.reshape(*tokens.shape[:2], 3, -1, HEAD).transpose(2, 0, 3, 1, 4)
        query, key, value = heads  # each (rows, heads, tokens, HEAD)
        scores = query @ key.swapaxes(2, 3) * HEAD**-0.5
        attended = (jax.nn.softmax(scores) @ value).swapaxes(1, 2)
        answer = self.answer(attended.reshape(*tokens.shape[:2], -1))
        tokens = tokens + self.dropout(answer, rngs)
        grown = jax.nn.gelu(self.grow(self.norms[1](tokens)), approximate=False)
        return tokens + self.dropout(self.shrink(grown), rngs)


NETWORKS: dict[str, Any] = {"mlp": MLP, "ft-transformer": FTTransformer}


def _filled(*parts: Array) -> list[Array]:
    """Return the parts that have columns, since ONNX can't reshape empty ones."""
    return [part for part in parts if part.shape[1]]


def _flat(columns: Array) -> Array:
    return columns.reshape(columns.shape[0], columns.shape[1] * columns.shape[2])


def _between(producer: str, consumer: str, width: int = 1) -> Hidden:
    """Return the units between two layers by the names of their weights."""
    produced, consumed = f"{producer}.kernel", f"{consumer}.kernel"
    return Hidden({produced: 1, f"{producer}.bias": 0, consumed: 0}, produced, consumed, width)


def network(fitted: dict[str, np.ndarray], seed: int = 0, **shape: Any) -> Network:
    """Return a network with random weights; `fitted` holds bins, and the scale of a number."""
    sizes = shape.pop("hidden", ())
    made = Network(fitted, rngs=nnx.Rngs(seed % 2**32), **shape)
    shrink(made, hidden(made), sizes)
    return made


def hidden(network: Network) -> list[Hidden]:
    """Return the units between layers, for pruning."""
    return network.layers.hidden("layers")
