"""Batches of conversations, and the log-likelihood of their answers."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ..toolkit.chats.tokens import IGNORED
from .examples import Row, pad


def collate(rows: Sequence[Row], token: int) -> dict[str, Tensor]:
    """Return padded tokens, their mask, and labels for the answers only, each (rows, tokens)."""
    ids, labels = map(torch.from_numpy, pad(rows, token))
    lengths = torch.tensor([len(row) for row, _ in rows])
    mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Return (rows, 2) float32: the sum of each row's losses, and the number of its labels."""
    targets = labels[:, 1:]
    nats = cross_entropy(
        logits[:, :-1].float().transpose(1, 2), targets, ignore_index=IGNORED, reduction="none"
    )
    return torch.stack([nats.sum(dim=1), (targets != IGNORED).sum(dim=1).float()], dim=1)
