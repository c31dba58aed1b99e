"""Predict with the traced graph: needs PyTorch and numpy, and none of the training code."""

import warnings
from pathlib import Path

import torch

from .contract import load as load_contract
from .predictor import Predictor
from .torch_export_runtime import predictor


def load(folder: Path, threads: int | None = None) -> Predictor:
    """Return the model of an export folder, its files checked; `threads` None means all cores."""
    contract = load_contract(folder)
    with warnings.catch_warnings(action="ignore"):  # that PyTorch recommends torch.export
        return predictor(torch.jit.load(folder / contract["model"]), contract, threads)
