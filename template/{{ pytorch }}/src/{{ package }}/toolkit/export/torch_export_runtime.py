"""Predict with the exported graph: needs PyTorch and numpy, and none of the training code."""

from pathlib import Path

import numpy as np
import torch

from .contract import load as load_contract
from .encode import MAX_ROWS
from .predictor import Predictor


def load(folder: Path, threads: int | None = None) -> Predictor:
    """Return the model of an export folder, its files checked; `threads` None means all cores."""
    contract = load_contract(folder)
    if threads is not None:
        torch.set_num_threads(threads)
    network = torch.export.load(folder / contract["model"]).module()

    def run(matrix: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(matrix)).numpy()

    return Predictor(run, contract, MAX_ROWS, "torch")
