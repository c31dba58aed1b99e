"""Networks for tables: all columns concatenated, or a token for each."""

from itertools import pairwise
from typing import Any, NamedTuple

import mlx.core as mx
import numpy as np
from mlx import nn
from mlx.core import array as Tensor
from mlx.utils import tree_unflatten

from .training.learner import tensors
from .training.loss import final
from .training.pruning import Hidden

HEAD = 16  # width of an attention head


class Between(NamedTuple):
    """The names of a layer and of the layer that takes its units; the `width` of a unit."""

    producer: str
    consumer: str
    width: int = 1


class Network(nn.Module):
    """The network that is trained and exported; its inputs are those of `Features`, codes last."""

    def __init__(self, fitted: dict[str, np.ndarray], name: str, **shape: Any) -> None:
        super().__init__()
        self.encode = Numbers(fitted["encode.start"], fitted["encode.width"])
        self.layers = NETWORKS[name](bins=fitted["encode.start"].shape[1], **shape)
        self.final: Any = final(fitted)

    def __call__(self, matrix: Tensor) -> Tensor:
        """Take float32 (rows, features), return (rows, classes) logits or (rows,) values."""
        count, precision = len(self.encode._start), self.layers.head.weight.dtype
        numbers = self.encode(matrix[:, :count]).astype(precision)
        return self.final(self.layers(numbers, matrix[:, count:]))


class Numbers(nn.Module):
    """Piecewise linear encoding: the part of each bin that lies below a number."""

    def __init__(self, start: np.ndarray, width: np.ndarray) -> None:
        super().__init__()
        self._start, self._width = mx.array(start), mx.array(width)  # no weights, by their `_`

    def __call__(self, numbers: Tensor) -> Tensor:
        """Take float32 (rows, numbers), return (rows, numbers, bins), each in 0 ... 1."""
        known = mx.where(mx.isnan(numbers), self._start[:, 0], numbers)
        return mx.clip((known[:, :, None] - self._start) / self._width, 0, 1)


class Codes(nn.Module):
    """Embeddings of categories, all columns in one table."""

    def __init__(self, levels: list[int], width: int) -> None:
        super().__init__()
        self._starts = mx.array(np.cumsum([0, *levels])[: len(levels)].astype(np.int32))
        self.table = nn.Embedding(max(1, sum(levels)), width)  # at least one row, never used

    def __call__(self, codes: Tensor) -> Tensor:
        """Take float32 (rows, columns), return (rows, columns, width)."""
        return self.table(codes.astype(mx.int32) + self._starts)


class MLP(nn.Module):
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
    ) -> None:
        super().__init__()
        self.codes = Codes(levels, width // 8)
        widths = [numbers * bins + len(levels) * (width // 8), *[width] * (depth - 1)]
        self.blocks = [
            nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Dropout(dropout))
            for inputs in widths
        ]
        self.head = nn.Linear(width, outputs)

    def hidden(self) -> list[Between]:
        """Return the neurons of each layer."""
        layers = [f"blocks.{number}.layers.0" for number in range(len(self.blocks))]
        return [Between(*pair) for pair in pairwise([*layers, "head"])]

    def __call__(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Take (rows, numbers, bins) and (rows, columns), return (rows, outputs)."""
        hidden = _concatenated(numbers.flatten(1), self.codes(codes).flatten(1))
        for block in self.blocks:
            hidden = block(hidden)
        return self.head(hidden)


class FTTransformer(nn.Module):
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
    ) -> None:
        super().__init__()
        self.codes = Codes(levels, width)
        self.weight = mx.random.normal((numbers, bins, width), scale=width**-0.5)
        self.bias = mx.random.normal((numbers, width), scale=width**-0.5)
        self.reader = mx.random.normal((1, width), scale=width**-0.5)
        self.blocks = [Block(width, dropout) for _ in range(depth)]
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, outputs)

    def hidden(self) -> list[Between]:
        """Return the heads and the neurons of each block."""
        names = [f"blocks.{number}" for number in range(len(self.blocks))]
        return [between for name in names for between in Block.hidden(name)]

    def __call__(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Take (rows, numbers, bins) and (rows, columns), return (rows, outputs)."""
        columns = (numbers.swapaxes(0, 1) @ self.weight).swapaxes(0, 1) + self.bias
        reader = mx.broadcast_to(self.reader, (len(numbers), *self.reader.shape))
        tokens = _concatenated(reader, columns, self.codes(codes))
        for block in self.blocks:
            tokens = block(tokens)
        return self.head(nn.relu(self.norm(tokens[:, 0])))


class Block(nn.Module):
    """Attention, then a feed-forward layer, each with a pre-norm and a residual connection."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.ask = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 3 * width))
        self.answer = nn.Sequential(nn.Linear(width, width), nn.Dropout(dropout))
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Linear(2 * width, width),
            nn.Dropout(dropout),
        )

    @staticmethod
    def hidden(name: str) -> list[Between]:
        """Return the attention heads of block `name`, and the neurons of its feed-forward layer."""
        layers = f"{name}.feed_forward.layers"
        heads = Between(f"{name}.ask.layers.1", f"{name}.answer.layers.0", HEAD)
        return [heads, Between(f"{layers}.1", f"{layers}.3")]

    def __call__(self, tokens: Tensor) -> Tensor:
        """Take and return (rows, tokens, width)."""
        heads = mx.unflatten(self.ask(tokens), 2, (3, -1, HEAD))
        query, key, value = heads.transpose(2, 0, 3, 1, 4)  # each (rows, heads, tokens, HEAD)
        attended = mx.fast.scaled_dot_product_attention(query, key, value, scale=HEAD**-0.5)
        tokens = tokens + self.answer(attended.swapaxes(1, 2).flatten(2))
        return tokens + self.feed_forward(tokens)


NETWORKS: dict[str, Any] = {"mlp": MLP, "ft-transformer": FTTransformer}


def network(fitted: dict[str, np.ndarray], seed: int = 0, **shape: Any) -> Network:
    """Return a network with random weights; `fitted` holds bins, and the scale of a number."""
    mx.random.seed(seed)
    sizes = shape.pop("hidden", ())
    built = Network(fitted, **shape)
    weights = tensors(built)
    for each, size in zip(hidden(built), sizes, strict=False):
        weights |= each.kept(weights, np.arange(size))
    built.update(tree_unflatten([(name, mx.array(array)) for name, array in weights.items()]))
    return built


def hidden(network: Network) -> list[Hidden]:
    """Return the units between layers, for pruning."""
    found = []
    for producer, consumer, width in network.layers.hidden():
        weight, bias = (f"layers.{producer}.{kind}" for kind in ("weight", "bias"))
        consumed = f"layers.{consumer}.weight"
        found.append(Hidden({weight: 0, bias: 0, consumed: 1}, weight, consumed, width))
    return found


def _concatenated(*columns: Tensor) -> Tensor:
    """Concatenate those of (rows, columns, ...) that have columns."""
    return mx.concatenate([each for each in columns if each.shape[1]], axis=1)
