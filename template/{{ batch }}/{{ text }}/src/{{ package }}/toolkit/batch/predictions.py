"""Add a model's predictions to a table of texts; needs only the export folder."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from ..config import BaseConfig
from ..export import onnx_runtime
from ..export.contract import free_name
from ..runs import UserError
from ..tables.files import check_names
from ..texts import reading


def scorer(
    folder: Path, source: Path, config: BaseConfig, counts: Counter[str]
) -> Callable[[pa.Table, int], pa.Table]:
    """Return a function that appends predictions to a table, given how many rows came before it.

    It appends `label` and `probability_LABEL` (of two labels, that of the last one). A row without
    a text has no prediction, and `counts` gains it. A name that is taken gets an underscore.
    UserError if the text column is missing.
    """
    model = onnx_runtime.load(folder)
    labels = model.contract["outputs"]["labels"] or []

    def score(table: pa.Table, first: int) -> pa.Table:
        check_names(table.column_names, [("text", config.data.text)], source)
        texts = reading.texts(table, config.data.text, source, first).to_numpy(object)
        filled = np.array([bool(text.strip()) for text in texts], bool)
        counts["empty"] += int((~filled).sum())
        for name, values in _named(model, texts, filled, labels).items():
            table = table.append_column(free_name(name, table.column_names), values)
        return table

    return score


def notes(counts: Counter[str], rows: int, source: Path, allow_unseen: bool) -> list[str]:
    """Report how many rows have no prediction; UserError if none has one."""
    if rows and counts["empty"] == rows:
        raise UserError(f"{source}: none of its {rows:,} rows has a text: is it the right file?")
    note = f"rows of {source} have no text, so they have no prediction."
    return [f"{count:,} of {rows:,} {note}" for count in counts.values() if count]


def _named(
    model: onnx_runtime.Predictor, texts: np.ndarray, filled: np.ndarray, labels: list[str]
) -> dict[str, pa.Array]:
    chosen = np.full(len(texts), None, object)
    predictions = np.zeros((len(texts), len(labels)), np.float32)
    if filled.any():
        predictions[filled], chosen[filled] = model.decide({"text": texts[filled]})
    names = labels[1:] if len(labels) == 2 else labels
    codes = {f"probability_{name}": labels.index(name) for name in names}
    each = {name: pa.array(predictions[:, code], mask=~filled) for name, code in codes.items()}
    return {"label": pa.array(chosen, pa.string()), **each}
