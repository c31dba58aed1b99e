"""Check of compressed variants: the metric may drop by export.max_drop."""

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
    """Return the content of parity.json; UserError if the metric drops by more than `max_drop`."""
    return compare(model, predict, answers, exported, parts, None, config)


def summary(agreed: dict[str, Any]) -> str:
    """Return the result as text."""
    return exact_match.summary(agreed)
