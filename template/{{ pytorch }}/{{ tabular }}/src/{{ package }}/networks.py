"""Networks for tables: all columns concatenated, an ensemble of such, or a token for each."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import relu, scaled_dot_product_attention

from .columns import Codes, Numbers
from .ensembles import TabM
from .training.layers import Between, named, shrink
from .training.loss import final
from .training.pruning import Hidden

HEAD = 16  # width of an attention head


class Network(nn.Module):
    """The network that is trained and exported; its inputs are those of `Features`, codes last."""

    def __init__(
        self, fitted: dict[str, np.ndarray], name: str, sizes: Sequence[int] = (), **shape: Any
    ) -> None:
        super().__init__()
        self.encode = Numbers(fitted["encode.start"], fitted["encode.width"])
        self.layers = NETWORKS[name](bins=self.encode.start.shape[1], **shape)
        self.final = final(fitted)
        shrink(self, hidden(self), sizes)

    @property
    def blocks(self) -> nn.ModuleList:
        """The layers that are sharded separately."""
        return self.layers.blocks

    def forward(self, matrix: Tensor) -> Tensor:
        """Take float32 (rows, features), return (rows, classes) logits or (rows,) values."""
        count = len(self.encode.start)
        return self.final(self.layers(self.encode(matrix[:, :count]), matrix[:, count:]))


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
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Dropout(dropout))
            for inputs in widths
        )
        self.head = nn.Linear(width, outputs)

    def hidden(self) -> list[Between]:
        """Return the neurons of each layer."""
        layers = [layer for layer in self.modules() if isinstance(layer, nn.Linear)]
        return [Between([producer], consumer) for producer, consumer in pairwise(layers)]

    def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Take (rows, numbers, bins) and (rows, columns), return (rows, outputs)."""
        hidden = torch.cat([numbers.flatten(1), self.codes(codes).flatten(1)], dim=1)
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
        self.weight = nn.Parameter(torch.randn(numbers, bins, width) * width**-0.5)
        self.bias = nn.Parameter(torch.randn(numbers, width) * width**-0.5)
        self.reader = nn.Parameter(torch.randn(1, width) * width**-0.5)
        self.blocks = nn.ModuleList(Block(width, dropout) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, outputs)

    def hidden(self) -> list[Between]:
        """Return the heads and the neurons of each block."""
        blocks = [block for block in self.blocks if isinstance(block, Block)]
        return [hidden for block in blocks for hidden in block.hidden()]

    def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Take (rows, numbers, bins) and (rows, columns), return (rows, outputs)."""
        columns = torch.einsum("rnb,nbw->rnw", numbers, self.weight) + self.bias
        reader = self.reader.expand(numbers.shape[0], 1, -1)
        tokens = torch.cat([reader, columns, self.codes(codes)], dim=1)
        for block in self.blocks:
            tokens = block(tokens)
        return self.head(relu(self.norm(tokens[:, 0])))


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

    def hidden(self) -> list[Between]:
        """Return the attention heads, and the neurons of the feed-forward layer."""
        heads = Between([self.ask[1]], self.answer[0], HEAD)
        return [heads, Between([self.feed_forward[1]], self.feed_forward[3])]

    def forward(self, tokens: Tensor) -> Tensor:
        """Take and return (rows, tokens, width)."""
        heads = self.ask(tokens).unflatten(2, (3, -1, HEAD))
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # each (rows, heads, tokens, HEAD)
        attended = scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        tokens = tokens + self.answer(attended)
        return tokens + self.feed_forward(tokens)


NETWORKS: dict[str, Any] = {
    "mlp": MLP,
    "tabm": TabM,
    "ft-transformer": FTTransformer,
}


def network(fitted: dict[str, np.ndarray], seed: int = 0, **shape: Any) -> Network:
    """Return a network with random weights; `fitted` holds bins, and the scale of a number."""
    torch.manual_seed(seed)
    sizes = shape.pop("hidden", ())
    return Network(fitted, sizes=sizes, **shape)


def hidden(network: Network) -> list[Hidden]:
    """Return the units between layers, for pruning."""
    return named(network, network.layers.hidden())
