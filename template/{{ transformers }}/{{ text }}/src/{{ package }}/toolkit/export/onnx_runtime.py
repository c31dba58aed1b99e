"""Run the exported file with ONNX Runtime, tokenizers and numpy; no training library."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ..texts.padding import BATCH
from .contract import Contract
from .contract import load as load_contract
from .feed import feed


class Predictor:
    """An exported model: call it with inputs, as `feed.feed` takes them."""

    executed_by = "onnxruntime"

    def __init__(self, session: onnxruntime.InferenceSession, contract: Contract) -> None:
        self.session = session
        self.contract = contract

    def __call__(self, inputs: Any) -> np.ndarray:
        """Return (rows, classes) float32 probabilities."""
        return self.decide(inputs)[0]

    def decide(self, inputs: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the predictions and the (rows,) labels computed by the file.

        Texts of similar length share a batch, which is padded to the longest.
        """
        name, contract = self.contract["inputs"][0]["name"], self.contract
        texts = list(inputs[name])
        order = np.argsort([len(text) for text in texts], kind="stable")
        parts = [
            self.session.run(None, feed({name: [texts[row] for row in rows]}, contract))
            for rows in np.split(order, range(BATCH, len(order), BATCH))
        ]
        predictions, labels = (np.concatenate(outputs) for outputs in zip(*parts, strict=True))
        places = np.argsort(order)
        return predictions[places], labels[places]


def load(folder: Path, threads: int | None = None) -> Predictor:
    """Load an export folder after verifying its hashes; `threads` None means all cores."""
    contract = load_contract(folder)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # between batches
    path = folder / contract["model"]
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return Predictor(session, contract)
