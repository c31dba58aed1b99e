"""Predict with the ExecuTorch program, as on a device; its Python runtime needs PyTorch."""

from pathlib import Path

import numpy as np
import torch

from .contract import load as load_contract
from .predictor import Predictor
from .quiet import quietly

with quietly():
    from executorch.runtime import Runtime


def load(folder: Path, threads: int | None = None) -> Predictor:
    """Return the model of an export folder, its files checked; `threads` is up to ExecuTorch."""
    contract = load_contract(folder)
    with quietly():
        program = Runtime.get().load_program(folder / contract["model"])
        network = program.load_method("forward")
    assert network is not None  # `convert` writes one method, of this name

    def run(row: np.ndarray) -> np.ndarray:
        (output,) = network.execute([torch.from_numpy(row)])
        return output.numpy().copy()  # the next row overwrites it

    return Predictor(run, contract, 1, "executorch")
