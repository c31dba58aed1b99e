"""How tokens know where they stand: by turned pairs of numbers, or by a slope. See decoder.py."""

import torch
from torch import Tensor


def turned(x_BHTC: Tensor, places_BT: Tensor) -> Tensor:
    """Return pairs of numbers turned by angles that grow with the place (Su et al. 2021, RoPE)."""
    half = x_BHTC.shape[-1] // 2
    speeds_C = 10_000 ** (-torch.arange(half, device=x_BHTC.device) / max(1, half))
    angles_B1TC = places_BT[:, None, :, None] * speeds_C
    cos, sin = angles_B1TC.cos().to(x_BHTC.dtype), angles_B1TC.sin().to(x_BHTC.dtype)
    one, other = x_BHTC.chunk(2, dim=-1)
    return torch.cat([one * cos - other * sin, other * cos + one * sin], dim=-1)


def slopes(heads: int) -> Tensor:
    """Return how much less each head looks at a token that is one further away, (H,), for ALiBi."""
    return 2 ** (-8 * torch.arange(1, heads + 1) / heads)


def masked(slopes_H: Tensor, counts_BS: Tensor | None, before: int, x_BTD: Tensor) -> Tensor:
    """Return what is added to the likeness of tokens, (B or 1, H, T, S).

    Later ones and filling get -inf, the others lose by distance (Press et al. 2022, ALiBi).
    """
    new = torch.arange(before, before + x_BTD.shape[1], device=x_BTD.device)
    away_TS = new[:, None] - torch.arange(before + len(new), device=x_BTD.device)
    seen_BTS = (away_TS >= 0)[None]
    if counts_BS is not None:  # filling sees itself, since nothing at all has no softmax
        seen_BTS = seen_BTS & (counts_BS[:, None, :].bool() | (away_TS == 0))
    lost_HTS = slopes_H.to(x_BTD)[:, None, None] * away_TS
    return (-lost_HTS)[None].masked_fill(~seen_BTS[:, None], -torch.inf)
