"""Parity of the exported file and the model, by tokens, token probabilities and the metric.

The file's weights are rounded, so outputs are not identical: at random positions of held-out
answers, llama.cpp's probabilities of all tokens are compared with the model's, and bits per byte
are computed with the file's weights.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..runs import UserError
from ..tables.split import Split
from .agreement import Exported, difference, metric, same_tokens

ANSWERS = 8  # that are compared, as text


def expect(
    predict: Callable[[pd.DataFrame], np.ndarray], parts: dict[str, pd.DataFrame]
) -> dict[str, np.ndarray]:
    """Return the model's predictions of each part, with which its exports are compared."""
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
    """Return the content of parity.json; UserError if tokens, probabilities or the metric differ.

    `tolerance` applies to probabilities; None only reports their difference.
    """
    rows = sum(same_tokens(model, exported, part.inputs) for part in parts.values())
    gap = difference(model, exported, parts["test"].inputs)
    if tolerance is not None and not gap <= tolerance:
        raise UserError(
            f"a token probability of the exported file differs from the model's by {gap:.2g}, so "
            f"nothing was exported: raise export.tolerance ({tolerance:g}) if that is acceptable."
        )
    prompts = parts["test"].inputs.head(ANSWERS).drop(columns="answer")
    pairs = [*zip(exported.decide(prompts)[0], predict(model, prompts), strict=True)]
    return {
        "rows": rows,
        "max_abs_diff": gap,
        "max_scaled_diff": gap,
        "tolerance": tolerance,
        "decisions_equal": int(sum(a == b for a, b in pairs)),
        "decisions": len(pairs),
        "undecided": 0,
        "executed_by": exported.executed_by,
        "metric": metric(model, predict, answers, exported, parts, config),
        "passed": True,
    }
