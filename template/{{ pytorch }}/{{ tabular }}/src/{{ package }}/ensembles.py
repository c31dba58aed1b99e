"""Networks for tables that are ensembles, each of whose members is trained on all rows."""

from typing import Any

import torch
from tabm import EnsembleView, LinearEnsemble, make_tabm_backbone
from torch import Tensor, nn

from .columns import Codes
from .training.layers import Between

MEMBERS = 32
WIDTH = 16  # of a column's embedding


class TabM(nn.Module):
    """An ensemble of MLPs that share most weights (Gorishniy, Kotelnikov and Babenko 2024)."""

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
        self.codes = Codes(levels, WIDTH)
        self.weight = nn.Parameter(torch.randn(numbers, bins, WIDTH) * WIDTH**-0.5)
        self.bias = nn.Parameter(torch.randn(numbers, WIDTH) * WIDTH**-0.5)
        columns = [WIDTH] * (numbers + len(levels))
        self.members = EnsembleView(k=MEMBERS)
        self.backbone = make_tabm_backbone(
            d_in=sum(columns),
            d_block=width,
            n_blocks=depth,
            dropout=dropout,
            activation="ReLU",
            k=MEMBERS,
            arch_type="tabm",
            start_scaling_init="normal",
            start_scaling_init_chunks=columns,
        )
        self.head = LinearEnsemble(width, outputs, k=MEMBERS)

    @property
    def blocks(self) -> Any:
        """The layers that are sharded separately."""
        return self.backbone.blocks

    def hidden(self) -> list[Between]:
        """Return the layers that pruning may shrink: none."""
        return []

    def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Take (rows, numbers, bins) and (rows, columns), return (rows, members, outputs).

        In training, members count as rows, since each has a loss: (rows * members, outputs).
        """
        columns = torch.einsum("rnb,nbw->rnw", numbers, self.weight) + self.bias
        tokens = torch.cat([columns, self.codes(codes)], dim=1)
        scores = self.head(self.backbone(self.members(tokens.flatten(1))))
        return scores.flatten(0, 1) if self.training else scores
