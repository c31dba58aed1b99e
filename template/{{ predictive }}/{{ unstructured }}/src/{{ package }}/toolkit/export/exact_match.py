"""Check that an export gives the predictions of the model on every row."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..tables.schema import Schema
from ..tables.split import Split
from .parity import Exported, compare


def check(
    model: Any,
    predict: Callable[[Any, pd.DataFrame], np.ndarray],
    answers: dict[str, np.ndarray],
    exported: Exported,
    parts: dict[str, Split],
    schema: Schema,
    threshold: float | None,
    config: BaseConfig,
) -> dict[str, Any]:
    """Return the content of parity.json; UserError if the two disagree on any row."""
    inputs = {name: part.inputs for name, part in parts.items()}
    return compare(answers, exported, inputs, schema.labels, threshold, config.export.tolerance)


def summary(agreed: dict[str, Any]) -> str:
    """Summarize parity.json."""
    rows, largest = agreed["rows"], agreed["max_scaled_diff"]
    return f"same predictions on {rows:,} rows (differences up to {largest:.0e})"
