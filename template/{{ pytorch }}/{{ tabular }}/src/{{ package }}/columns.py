"""Encodings of the columns of a feature matrix: numbers in bins, categories as embeddings."""

import numpy as np
import torch
from torch import Tensor, nn

BINS = 16
MIN_WIDTH = 1e-6  # of a bin, relative to its numbers: quantiles may coincide


class Numbers(nn.Module):
    """Piecewise linear encoding: the part of each bin that lies below a number.

    Bins lie between quantiles of the training rows, so skew and outliers do no harm (Gorishniy,
    Rubachev and Babenko 2022). A missing number is 0 in all bins.
    """

    start: Tensor
    width: Tensor

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        self.register_buffer("start", torch.zeros(count, BINS))
        self.register_buffer("width", torch.ones(count, BINS))

    def fit(self, numbers: np.ndarray) -> None:
        """Fit the bins to training rows, float32 (rows, count)."""
        if not self.count:
            return
        edges = np.nanquantile(numbers.astype(np.float64), np.linspace(0, 1, BINS + 1), axis=0).T
        min_width = MIN_WIDTH * np.maximum(1, np.abs(edges).max(axis=1, keepdims=True))
        self.start.copy_(torch.from_numpy(edges[:, :-1]))
        self.width.copy_(torch.from_numpy(np.maximum(np.diff(edges, axis=1), min_width)))

    def forward(self, numbers: Tensor) -> Tensor:
        """Take float32 (rows, count), return (rows, count, BINS), each in 0 ... 1."""
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
