"""Predict with the Core ML package: with Core ML on a Mac, elsewhere with an interpreter."""

import sys
from pathlib import Path

import numpy as np

from .apple import ct
from .contract import load as load_contract
from .encode import MAX_ROWS
from .mil.interpreter import Program
from .predictor import Predictor


def load(folder: Path, threads: int | None = None) -> Predictor:
    """Return the model of an export folder, its files checked; `threads` is up to Core ML."""
    contract = load_contract(folder)
    package = folder / contract["model"]
    predict, executed_by = Program(package), "interpreter"
    if sys.platform == "darwin":
        units = ct.ComputeUnit.CPU_ONLY  # the others round to float16
        predict = ct.models.MLModel(str(package), compute_units=units).predict
        executed_by = "coreml"
    source, output = contract["matrix"]["name"], contract["outputs"]["name"]

    def run(matrix: np.ndarray) -> np.ndarray:
        return predict({source: matrix})[output]

    return Predictor(run, contract, MAX_ROWS, executed_by)
