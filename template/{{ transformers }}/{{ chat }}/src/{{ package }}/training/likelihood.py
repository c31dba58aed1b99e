"""Batches of conversations, and the log-likelihood of their answers."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ..toolkit.chats.tokens import IGNORED

Row = tuple[list[int], int]  # tokens, and how many of them are the prompt's


def windows(ids: list[int], start: int, limit: int) -> Iterator[Row]:
    """Yield windows of at most `limit` tokens; each token from `start` on is scored in one.

    Later windows overlap the one before by half, as context.
    """
    yield ids[:limit], start
    half = limit // 2
    for begin in range(limit, len(ids), half):
        yield ids[begin - half : begin + half], half


def collate(rows: Sequence[Row], pad: int) -> dict[str, Tensor]:
    """Return padded tokens, their mask, and labels for the answers only, each (rows, tokens)."""
    length = max(len(ids) for ids, _ in rows)
    batch = {
        "input_ids": [ids + [pad] * (length - len(ids)) for ids, _ in rows],
        "attention_mask": [[1] * len(ids) + [0] * (length - len(ids)) for ids, _ in rows],
        "labels": [
            [IGNORED] * start + ids[start:] + [IGNORED] * (length - len(ids)) for ids, start in rows
        ],
    }
    return {name: torch.tensor(lists) for name, lists in batch.items()}


def losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Return (rows, 2) float32: the sum of each row's losses, and the number of its labels."""
    targets = labels[:, 1:]
    nats = cross_entropy(
        logits[:, :-1].float().transpose(1, 2), targets, ignore_index=IGNORED, reduction="none"
    )
    return torch.stack([nats.sum(dim=1), (targets != IGNORED).sum(dim=1).float()], dim=1)
