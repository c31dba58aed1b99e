"""Predict with the exported model: needs ONNX Runtime and numpy, no training library."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
            return self._outputs(columns)
        chunks = [{n: v[s : s + ROWS] for n, v in columns.items()} for s in range(0, rows, ROWS)]
        parts = [self._outputs(chunk) for chunk in chunks]
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    def _outputs(self, columns: dict[str, Any]) -> list[np.ndarray]:
        inputs = feed(columns, self.contract)
        with _uninterrupted():
            return self.session.run(None, inputs)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C: ONNX Runtime crashes if it comes while strings are converted.

    Other threads get no signals, and servers handle them in their own way.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    held: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if held:
            raise KeyboardInterrupt


def load(folder: Path, threads: int | None = None) -> Predictor:
    """Return the model of an export folder after checking its files; `threads` None: all cores."""
    contract = load_contract(folder)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # between batches
    path = folder / contract["model"]
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return Predictor(session, contract)
