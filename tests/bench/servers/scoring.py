"""Predictions of the exported model, for the apps that a project's server is compared with."""

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

FOLDER = Path(os.environ.get("BENCH_FOLDER", "."))  # an export with onnx files
EPOCH = date(1970, 1, 1)
DTYPES = {"number": np.float32, "date": np.float32, "category": object}
Row = dict[str, Any]


class Scorer:
    """One session with one thread, since the machine has few cores and the servers are many."""

    def __init__(self, folder: Path = FOLDER) -> None:
        contract = json.loads((folder / "contract.json").read_text(encoding="utf-8"))
        self.columns = {column["name"]: column["type"] for column in contract["inputs"]}
        self.labels = contract["outputs"]["labels"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(folder / contract["model"], options)

    def feed(self, rows: list[Row]) -> dict[str, np.ndarray]:
        """Return (rows, 1) arrays, as the session takes them."""
        return {
            name: np.array([[_value(kind, row.get(name))] for row in rows], DTYPES[kind])
            for name, kind in self.columns.items()
        }

    def answers(self, feed: dict[str, np.ndarray]) -> list[dict[str, Any]]:
        """Return label and probabilities, or the value, of each row."""
        answer, *label = self.session.run(None, feed)
        if not label:
            return [{"value": float(value)} for value in answer]
        rows = [dict(zip(self.labels, row, strict=True)) for row in answer.tolist()]
        return [
            {"label": name, "probabilities": probabilities}
            for name, probabilities in zip(label[0].tolist(), rows, strict=True)
        ]

    def answer(self, row: Row) -> dict[str, Any]:
        """Answer one row."""
        return self.answers(self.feed([row]))[0]


def _value(kind: str, value: Any) -> Any:
    if kind == "category":
        return "" if value is None else value
    if kind == "date" and value is not None:
        return (date.fromisoformat(value) - EPOCH).days
    return np.nan if value is None else value
