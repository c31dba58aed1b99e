"""The judge of smaller variants: by the metric, and the answers that stay the same."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..tables.schema import Schema
from ..tables.split import Split
from . import exact_match
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
    """Return what parity.json holds; UserError if the metric falls by more than `max_drop`."""
    return compare(model, predict, answers, exported, parts, None, config)


def summary(agreed: dict[str, Any]) -> str:
    """Say it in words."""
    return exact_match.summary(agreed)
