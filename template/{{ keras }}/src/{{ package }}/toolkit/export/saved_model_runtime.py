"""Predict with the SavedModel: needs TensorFlow and numpy, neither Keras nor the training code."""

from pathlib import Path

import numpy as np

from .contract import load as load_contract
from .encode import MAX_ROWS
from .predictor import Predictor
from .quiet import quietly

with quietly():
    import tensorflow as tf

VERSION = "1"  # TensorFlow Serving loads the highest number that it finds


def load(folder: Path, threads: int | None = None) -> Predictor:
    """Return the model of an export folder, its files checked.

    `threads` None means all cores; TensorFlow takes a number before its first operation only.
    """
    contract = load_contract(folder)
    if threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
    with quietly():
        network = tf.saved_model.load(str(folder / contract["model"] / VERSION))
    answer, output = network.signatures["serving_default"], contract["outputs"]["name"]

    def run(matrix: np.ndarray) -> np.ndarray:
        return answer(matrix=tf.constant(matrix))[output].numpy()

    return Predictor(run, contract, MAX_ROWS, "tensorflow")
