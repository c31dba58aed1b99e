"""Rows with their answers, stored beside an export: what a client in any language must repeat."""

from typing import Any

import pandas as pd

from .parity import Exported

ROWS = 32


def examples(exported: Exported, inputs: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Return what examples.json holds: inputs as the contract names them, null or "" if missing.

    Where clients have to make a matrix of a row, it is there too, null for NaN.
    """
    rows = inputs.sample(min(ROWS, len(inputs)), random_state=seed).sort_index()
    predictions, labels = exported.decide(rows)
    return {
        "rows": _plain(rows).to_dict("records"),
        **_matrix(exported, rows),
        "predictions": predictions.tolist(),
        "labels": None if labels is None else labels.tolist(),
    }


def _matrix(exported: Exported, inputs: pd.DataFrame) -> dict[str, Any]:
    matrix = exported.encode(inputs) if hasattr(exported, "encode") else None
    if matrix is None or matrix.ndim != 2:  # raw columns, or pixels
        return {}
    return {"matrix": _plain(pd.DataFrame(matrix)).to_numpy().tolist()}


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return JSON's own kinds of values."""
    return frame.astype(object).where(frame.notna(), None)
