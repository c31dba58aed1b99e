"""The model in Triton's server, by its Python backend, as `model.py` of a model repository."""

from typing import Any

import numpy as np
import triton_python_backend_utils as triton
from scoring import Scorer


class TritonPythonModel:
    """Takes a tensor a column, (rows, 1), and joins the requests that came together."""

    def initialize(self, args: dict[str, str]) -> None:
        self.scorer = Scorer()

    def execute(self, requests: list[Any]) -> list[Any]:
        """Return what the session gives, request by request."""
        feed = {
            name: np.concatenate([_column(request, name, kind) for request in requests])
            for name, kind in self.scorer.columns.items()
        }
        names = [output.name for output in self.scorer.session.get_outputs()]
        found = [values.reshape(len(values), -1) for values in self.scorer.session.run(None, feed)]
        results = dict(zip(names, found, strict=True))
        responses, at = [], 0
        for request in requests:
            count = triton.get_input_tensor_by_name(request, next(iter(feed))).shape()[0]
            part = {name: values[at : at + count] for name, values in results.items()}
            tensors = [triton.Tensor(name, values) for name, values in part.items()]
            responses.append(triton.InferenceResponse(tensors))
            at += count
        return responses


def _column(request: Any, name: str, kind: str) -> np.ndarray:
    values = triton.get_input_tensor_by_name(request, name).as_numpy()
    if kind != "category":
        return values
    return np.char.decode(values.astype(bytes), "utf-8").astype(object)
