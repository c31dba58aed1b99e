"""Add a model's predictions to a table of texts; needs the export folder and nothing else."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from ..config import Config
from ..formats import onnx_runtime
from ..runs import UserError
from ..tables.table import check_names


def scorer(folder: Path, source: Path, config: Config) -> Callable[[pa.Table, int], pa.Table]:
    """Return a function that appends predictions to a table, given how many rows came before it.

    Appended are `label` and `probability` (of the last of two labels) or a `probability_...` each.
    A row without a text has no prediction. UserError if the column of texts is not there.
    """
    model = onnx_runtime.load(folder)
    labels = model.contract["outputs"]["labels"] or []

    def score(table: pa.Table, first: int) -> pa.Table:
        check_names(table.schema.empty_table().to_pandas(), [("text", config.data.text)], source)
        texts = np.array(table[config.data.text].cast(pa.string()).to_pylist(), object)
        filled = np.array([bool(text and text.strip()) for text in texts], bool)
        for name, values in _named(model, texts, filled, labels).items():
            if name in table.column_names:
                raise UserError(f"{source}: column {name!r} would be hidden; rename it.")
            table = table.append_column(name, values)
        return table

    return score


def _named(
    model: onnx_runtime.Predictor, texts: np.ndarray, filled: np.ndarray, labels: list[str]
) -> dict[str, pa.Array]:
    chosen = np.full(len(texts), None, object)
    predictions = np.zeros((len(texts), len(labels)), np.float32)
    if filled.any():
        predictions[filled], chosen[filled] = model.decide({"text": texts[filled]})
    codes = {"probability": 1} if len(labels) == 2 else {}
    codes = codes or {f"probability_{name}": code for code, name in enumerate(labels)}
    each = {name: pa.array(predictions[:, code], mask=~filled) for name, code in codes.items()}
    return {"label": pa.array(chosen, pa.string()), **each}
