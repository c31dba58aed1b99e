"""Networks for tables: all columns concatenated, or a token for each."""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import relu, scaled_dot_product_attention

from .columns import BINS, Codes
from .training.pruning import Hidden

HEAD = 16  # width of an attention head


class MLP(nn.Module):
    """All columns concatenated, then fully connected layers."""

    def __init__(
        self, numbers: int, levels: list[int], outputs: int, width: int, depth: int, dropout: float
    ) -> None:
        super().__init__()
        self.codes = Codes(levels, width // 8)
        widths = [numbers * BINS + len(levels) * (width // 8), *[width] * (depth - 1)]
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Dropout(dropout))
            for inputs in widths
        )
        self.head = nn.Linear(width, outputs)

    def hidden(self) -> list[Hidden]:
        """Return the neurons of each layer."""
        layers = [layer for layer in self.modules() if isinstance(layer, nn.Linear)]
        return [Hidden([producer], consumer) for producer, consumer in pairwise(layers)]

    def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Take (rows, numbers, BINS) and (rows, columns), return (rows, outputs)."""
        hidden = torch.cat([numbers.flatten(1), self.codes(codes).flatten(1)], dim=1)
        for block in self.blocks:
            hidden = block(hidden)
        return self.head(hidden)


class FTTransformer(nn.Module):
    """A token for each column, and a class token (Gorishniy et al. 2021)."""

    def __init__(
        self, numbers: int, levels: list[int], outputs: int, width: int, depth: int, dropout: float
    ) -> None:
        super().__init__()
        self.codes = Codes(levels, width)
        self.weight = nn.Parameter(torch.randn(numbers, BINS, width) * width**-0.5)
        self.bias = nn.Parameter(torch.randn(numbers, width) * width**-0.5)
        self.reader = nn.Parameter(torch.randn(1, width) * width**-0.5)
        self.blocks = nn.ModuleList(Block(width, dropout) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, outputs)

    def hidden(self) -> list[Hidden]:
        """Return the heads and the neurons of each block."""
        blocks = [block for block in self.blocks if isinstance(block, Block)]
        return [hidden for block in blocks for hidden in block.hidden()]

    def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Take (rows, numbers, BINS) and (rows, columns), return (rows, outputs)."""
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

    def hidden(self) -> list[Hidden]:
        """Return the attention heads, and the neurons of the feed-forward layer."""
        heads = Hidden([self.ask[1]], self.answer[0], HEAD)
        return [heads, Hidden([self.feed_forward[1]], self.feed_forward[3])]

    def forward(self, tokens: Tensor) -> Tensor:
        """Take and return (rows, tokens, width)."""
        heads = self.ask(tokens).unflatten(2, (3, -1, HEAD))
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # each (rows, heads, tokens, HEAD)
        attended = scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        tokens = tokens + self.answer(attended)
        return tokens + self.feed_forward(tokens)


NETWORKS: dict[str, Any] = {"mlp": MLP, "ft-transformer": FTTransformer}
