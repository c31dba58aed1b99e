"""The predictor of exported networks that take the matrix of `encode.py`, for all runtimes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .contract import Contract
from .encode import encode, stored


class Predictor:
    """An exported model: call it with inputs, as `feed.feed` takes them.

    `run` takes a float32 matrix of at most `rows` rows. `executed_by` names the runtime, for
    parity.json.
    """

    def __init__(
        self,
        run: Callable[[np.ndarray], np.ndarray],
        contract: Contract,
        rows: int,
        executed_by: str,
    ) -> None:
        self.run = run
        self.contract = contract
        self.rows = rows
        self.executed_by = executed_by

    def __call__(self, inputs: Any) -> np.ndarray:
        """Return (rows, classes) float32 probabilities, or (rows,) float32 values."""
        matrix = self.encode(inputs)
        starts = range(0, len(matrix), self.rows)
        return np.concatenate([self.run(matrix[start : start + self.rows]) for start in starts])

    def encode(self, inputs: Any) -> np.ndarray:
        """Return the input matrix of the network."""
        return encode(inputs, self.contract)

    def stored(self, inputs: Any) -> list[Any]:
        """Return the input matrix as JSON values, for examples.json."""
        return stored(self.encode(inputs))

    def decide(self, inputs: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the predictions and, for a classifier, the (rows,) labels."""
        predictions, outputs = self(inputs), self.contract["outputs"]
        labels, threshold = outputs["labels"], outputs["threshold"]
        if labels is None:
            return predictions, None
        codes = predictions.argmax(axis=1)
        if threshold is not None:
            codes = (predictions[:, 1] >= np.float32(threshold)).astype(np.int64)
        return predictions, np.array(labels, object)[codes]
