"""Does the exported file say what the model says? Held to tokens, likelihoods and the metric.

Its weights are rounded, so no number is the same: at some places of held-out answers the chances of
all tokens, as llama.cpp gives them, are compared with the model's; and bits per byte are those of
the file's own weights, read back.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..runs import UserError
from ..tables.split import Split
from .agreement import Exported, difference, metric, same_tokens

ANSWERS = 8  # that are compared, word by word


def expect(
    predict: Callable[[pd.DataFrame], np.ndarray], parts: dict[str, pd.DataFrame]
) -> dict[str, np.ndarray]:
    """Return what the model thinks of the answers of each part: its exports are held to it."""
    return {name: predict(inputs) for name, inputs in parts.items() if name != "training"}


def compare(
    model: Any,
    predict: Callable[[Any, pd.DataFrame], np.ndarray],
    answers: dict[str, np.ndarray],
    exported: Exported,
    parts: dict[str, Split],
    tolerance: float | None,
    config: BaseConfig,
) -> dict[str, Any]:
    """Return what parity.json holds; UserError if tokens, chances or the metric are others.

    `tolerance` is of a probability; None reports the difference alone.
    """
    rows = sum(same_tokens(model, exported, part.inputs) for part in parts.values())
    gap = difference(model, exported, parts["test"].inputs)
    if tolerance is not None and not gap <= tolerance:
        raise UserError(
            f"a token that the model gives some probability gets {gap:.2g} more or less from the "
            f"exported file, so nothing was exported: raise export.tolerance ({tolerance:g}) if "
            "that will do."
        )
    asked = parts["test"].inputs.head(ANSWERS).drop(columns="answer")
    said, model_said = exported.decide(asked)[0], predict(model, asked)
    return {
        "rows": rows,
        "max_abs_diff": gap,
        "max_scaled_diff": gap,
        "tolerance": tolerance,
        "decisions_equal": int(sum(a == b for a, b in zip(said, model_said, strict=True))),
        "decisions": len(asked),
        "undecided": 0,
        "executed_by": exported.executed_by,
        "metric": metric(model, predict, answers, exported, parts, config),
        "passed": True,
    }
