"""Backbones that another run has trained, as a start for new classes."""

from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from .toolkit.runs import UserError
from .training.learner import assign, tensors

BACKBONE = "backbone."  # prefix of its tensors


def colour_statistics(name: str, weights: str | Path) -> tuple[Any, Any]:
    """Return mean and standard deviation of red, green and blue that the run was trained with."""
    found = _read(weights)
    if not {"mean", "spread"} <= {*found}:
        raise UserError(_explained(weights, "it has no `mean` and `spread`"))
    return found["mean"], found["spread"]


def load_backbone(network: Any, name: str, size: int, weights: str | Path | None = None) -> None:
    """Load `weights` into the network's backbone, if given. UserError if they do not fit."""
    if weights is None:
        return
    found, own = _read(weights), tensors(network)
    for key in own:
        if key.startswith(BACKBONE):
            if key not in found or found[key].shape != own[key].shape:
                raise UserError(_explained(weights, f"{key} is not in it, or of another shape"))
            own[key] = found[key]
    assign(network, own)


def _read(weights: str | Path) -> dict[str, np.ndarray]:
    try:
        return load_file(weights)
    except (OSError, SafetensorError) as error:
        raise UserError(_explained(weights, str(error))) from None


def _explained(weights: str | Path, reason: str) -> str:
    advice = "take model/weights.safetensors of a run with the same model.name, width and depth"
    return f"model.weights {weights}: {reason}: {advice}."
