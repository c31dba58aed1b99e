"""Positions of tokens: rotary embeddings (RoPE) or linear biases (ALiBi). See decoder.py."""

import torch
from torch import Tensor


def rotate(x_BHTC: Tensor, positions_BT: Tensor) -> Tensor:
    """Rotate pairs of dimensions by angles proportional to position (Su et al. 2021, RoPE)."""
    half = x_BHTC.shape[-1] // 2
    frequencies_C = 10_000 ** (-torch.arange(half, device=x_BHTC.device) / max(1, half))
    angles_B1TC = positions_BT[:, None, :, None] * frequencies_C
    cos, sin = angles_B1TC.cos().to(x_BHTC.dtype), angles_B1TC.sin().to(x_BHTC.dtype)
    first, second = x_BHTC.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def alibi_slopes(heads: int) -> Tensor:
    """Return the penalty of each head per token of distance, (H,) (Press et al. 2022, ALiBi)."""
    return 2 ** (-8 * torch.arange(1, heads + 1) / heads)


def attention_bias(slopes_H: Tensor, mask_BS: Tensor | None, cached: int, x_BTD: Tensor) -> Tensor:
    """Return what is added to the attention scores, (B or 1, H, T, S).

    Later tokens and padding get -inf, the others a penalty by distance (ALiBi).
    """
    new = torch.arange(cached, cached + x_BTD.shape[1], device=x_BTD.device)
    distance_TS = new[:, None] - torch.arange(cached + len(new), device=x_BTD.device)
    visible_BTS = (distance_TS >= 0)[None]
    if mask_BS is not None:  # padding attends to itself: softmax needs at least one token
        visible_BTS = visible_BTS & (mask_BS[:, None, :].bool() | (distance_TS == 0))
    penalty_HTS = slopes_H.to(x_BTD)[:, None, None] * distance_TS
    return (-penalty_HTS)[None].masked_fill(~visible_BTS[:, None], -torch.inf)
