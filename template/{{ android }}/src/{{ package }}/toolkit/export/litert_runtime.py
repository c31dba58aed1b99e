"""Predict with the LiteRT file: needs its interpreter and numpy, no training library."""

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from .contract import load as load_contract
from .predictor import Predictor
from .quiet import quietly


def load(folder: Path, threads: int | None = None) -> Predictor:
    """Return the model of an export folder, its files checked; `threads` None means one."""
    contract = load_contract(folder)
    with quietly():
        network = Interpreter(str(folder / contract["model"]), num_threads=threads)
        network.allocate_tensors()
    (source,), (output,) = network.get_input_details(), network.get_output_details()

    def run(row: np.ndarray) -> np.ndarray:
        network.set_tensor(source["index"], row)
        network.invoke()
        return network.get_tensor(output["index"])

    return Predictor(run, contract, 1, "litert")
