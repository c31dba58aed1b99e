"""Check of the export that is served: token probabilities must agree within the tolerance."""

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
    """Return the content of parity.json; UserError if the two disagree."""
    return compare(model, predict, answers, exported, parts, config.export.tolerance, config)


def summary(agreed: dict[str, Any]) -> str:
    """Return the result as text."""
    metric, found = agreed["metric"], agreed["metric"]["validation"]
    return (
        f"{metric['name']} {found['exported']:.4g} on validation rows (model: "
        f"{found['model']:.4g}), {agreed['decisions_equal']} of {agreed['decisions']} answers "
        f"equal, token probabilities within {agreed['max_abs_diff']:.0e}"
    )
