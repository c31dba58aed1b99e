"""Conversations as batches, and how likely a network finds their answers."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ..toolkit.chats.tokens import IGNORED

Row = tuple[list[int], int]  # tokens, and how many of them are the prompt's


def windows(ids: list[int], start: int, limit: int) -> Iterator[Row]:
    """Yield pieces that there is room for; each token from `start` on is behind the start of one.

    Later pieces look back on half of the room.
    """
    yield ids[:limit], start
    half = limit // 2
    for place in range(limit, len(ids), half):
        yield ids[place - half : place + half], half


def filled(rows: Sequence[Row], pad: int) -> dict[str, Tensor]:
    """Return tokens, the mask of those that count, and labels: of answers alone, (rows, tokens)."""
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
    """Return (rows, 2) float32: the sum of the losses of each row's labels, and their number."""
    following = labels[:, 1:]
    each = cross_entropy(
        logits[:, :-1].float().transpose(1, 2), following, ignore_index=IGNORED, reduction="none"
    )
    return torch.stack([each.sum(dim=1), (following != IGNORED).sum(dim=1).float()], dim=1)
