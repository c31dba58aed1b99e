"""Random augmentation of training images."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from .settings.model import Augment


def augmented(pixels: Tensor, augment: Augment, generators: list[np.random.Generator]) -> Tensor:
    """Return uint8 (rows, size, size, 3), rotated, shifted, scaled, flipped and relit.

    Each row has a generator of its own, so it does not depend on the other rows of its batch.
    Pixels outside the image repeat its edge.
    """
    draws = np.array([each.uniform(-1, 1, 7) for each in generators], np.float32)
    turn, right, down, size, mirror, light, contrast = torch.from_numpy(draws).T
    angle = turn * augment.rotate * torch.pi / 180
    scale = 1 + size * augment.scale
    flip = torch.where((mirror < 0) & torch.tensor(augment.flip), -1.0, 1.0)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    across = torch.stack([cos * flip, -sin, right * 2 * augment.shift], dim=1)
    along = torch.stack([sin * flip, cos, down * 2 * augment.shift], dim=1)
    moves = torch.stack([across, along], dim=1)  # (rows, 2, 3)
    levels = pixels.permute(0, 3, 1, 2).to(torch.float32)
    grid = affine_grid(moves, list(levels.shape), align_corners=False)
    moved = grid_sample(levels, grid, padding_mode="border", align_corners=False)
    mean = moved.mean(dim=(1, 2, 3), keepdim=True)
    gain = (1 + contrast * augment.light)[:, None, None, None]
    relit = (moved - mean) * gain + mean + (light * augment.light * 255)[:, None, None, None]
    return relit.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
