"""Rows with their answers, stored beside an export: what a client in any language must repeat."""

from typing import Any

import pandas as pd

from ..tables.rows import portable
from .parity import Exported

ROWS = 32


def examples(exported: Exported, inputs: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Return what examples.json holds: inputs as the contract names them, null or "" if missing.

    Where clients have to make a matrix of a row, it is there too, as `encode.stored` writes it.
    """
    sample = inputs.sample(min(ROWS, len(inputs)), random_state=seed).sort_index()
    rows = portable(sample)
    asked = {name: [row[name] for row in rows] for name in rows[0]}
    predictions, labels = exported.decide(asked)
    return {
        "rows": rows,
        **({"matrix": exported.stored(asked)} if hasattr(exported, "stored") else {}),
        "predictions": predictions.tolist(),
        "labels": None if labels is None else labels.tolist(),
    }
