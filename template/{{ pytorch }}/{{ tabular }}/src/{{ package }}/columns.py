"""Encodings of the columns of a feature matrix: numbers in bins, categories as embeddings."""

import numpy as np
import torch
from torch import Tensor, nn


class Numbers(nn.Module):
    """Piecewise linear encoding: the part of each bin that lies below a number."""

    start: Tensor
    width: Tensor

    def __init__(self, start: np.ndarray, width: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("start", torch.from_numpy(start), persistent=False)
        self.register_buffer("width", torch.from_numpy(width), persistent=False)

    def forward(self, numbers: Tensor) -> Tensor:
        """Take float32 (rows, numbers), return (rows, numbers, bins), each in 0 ... 1."""
        known = torch.where(torch.isnan(numbers), self.start[:, 0], numbers)
        return ((known[:, :, None] - self.start) / self.width).clamp(0, 1)


class Codes(nn.Module):
    """Embeddings of categories, all columns in one table."""

    starts: Tensor

    def __init__(self, levels: list[int], width: int) -> None:
        super().__init__()
        starts = np.cumsum([0, *levels])[: len(levels)]
        self.register_buffer("starts", torch.from_numpy(starts.astype(np.int64)))
        self.table = nn.Embedding(max(1, sum(levels)), width)  # at least one row, never used
        nn.init.normal_(self.table.weight, std=width**-0.5)

    def forward(self, codes: Tensor) -> Tensor:
        """Take float32 (rows, columns), return (rows, columns, width)."""
        return self.table(codes.to(torch.int64) + self.starts)
