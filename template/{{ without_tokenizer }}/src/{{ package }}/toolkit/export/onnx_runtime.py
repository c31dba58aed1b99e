"""Predict with the exported model: needs ONNX Runtime and numpy, no training library."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from .contract import Contract
from .contract import load as load_contract
from .feed import ROWS, feed


class Predictor:
    """An exported model: call it with inputs, as `feed.feed` takes them."""

    executed_by = "onnxruntime"

    def __init__(self, session: onnxruntime.InferenceSession, contract: Contract) -> None:
        self.session = session
        self.contract = contract

    def __call__(self, inputs: Any) -> np.ndarray:
        """Return (rows, classes) float32 probabilities, or (rows,) float32 values."""
        return self._run(inputs)[0]

    def decide(self, inputs: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the predictions and, for a classifier, the (rows,) labels from the graph."""
        predictions, *labels = self._run(inputs)
        return predictions, labels[0] if labels else None

    def _run(self, inputs: Any) -> list[np.ndarray]:
        columns = {each["name"]: inputs[each["name"]] for each in self.contract["inputs"]}
        rows = len(next(iter(columns.values())))
        if rows <= ROWS:
            return self.session.run(None, feed(columns, self.contract))
        chunks = [{n: v[s : s + ROWS] for n, v in columns.items()} for s in range(0, rows, ROWS)]
        parts = [self.session.run(None, feed(chunk, self.contract)) for chunk in chunks]
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]


def load(folder: Path, threads: int | None = None) -> Predictor:
    """Return the model of an export folder after checking its files; `threads` None: all cores."""
    contract = load_contract(folder)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    path = folder / contract["model"]
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return Predictor(session, contract)
