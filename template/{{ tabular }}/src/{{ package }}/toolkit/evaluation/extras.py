"""Permutation importances, which tables add to an evaluation."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..tables.split import Split, Splits
from . import scores
from .errors import Extras

Predict = Callable[[pd.DataFrame], np.ndarray]
REPEATS = (3, 10)  # per column, minimum and maximum
ROWS = (200, 2_000)  # size of the sample, minimum and maximum
WORK = 60_000  # rows to predict in all: a second for trees, 20 for an FT-Transformer on two cores


def label_issues(splits: Splits) -> list[str]:
    """Return warnings about training labels that may be wrong; none for tables."""
    return []


def evaluation(
    predictors: dict[str, Predict],
    splits: Splits,
    test: Split,
    threshold: float | None,
    mistakes: pd.DataFrame,
    config: BaseConfig,
) -> Extras:
    """Return permutation importances of the columns."""
    model = predictors["model"]
    table, facts = _importances(model, test.inputs, test.targets, threshold, config)
    return Extras({"importances": table}, facts=facts)


def _importances(
    predict: Callable[[pd.DataFrame], np.ndarray],
    inputs: pd.DataFrame,
    targets: np.ndarray,
    threshold: float | None,
    config: BaseConfig,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return by how much the primary metric worsens when a column's values are shuffled.

    The table has a row per column, most important first, with mean and standard deviation over the
    repeats. The facts are the numbers of rows (a sample, drawn by the seed) and of repeats.
    Correlated columns each look unimportant, since the model can still use the other.
    """
    rng, primary = np.random.default_rng(config.seed), config.evaluate.primary
    rows, repeats = _plan(*inputs.shape)
    kept = np.sort(rng.choice(len(inputs), rows, replace=False))
    inputs, targets = inputs.iloc[kept].reset_index(drop=True), targets[kept]
    own, sign = config.evaluate.OWN, scores.sign(config.evaluate)
    unshuffled = scores.score(targets, predict(inputs), threshold, own)[primary]
    repeated, table = pd.concat([inputs] * repeats, ignore_index=True), []
    for name in inputs:
        order = np.concatenate([rng.permutation(rows) for _ in range(repeats)])
        shuffled = inputs[name].take(order).set_axis(repeated.index)
        parts = np.split(predict(repeated.assign(**{name: shuffled})), repeats)
        found = [scores.score(targets, part, threshold, own)[primary] for part in parts]
        losses = sign * (unshuffled - np.array(found))
        table.append({"column": name, "importance": losses.mean(), "spread": losses.std(ddof=1)})
    ranked = pd.DataFrame(table).sort_values("importance", ascending=False, kind="stable")
    return ranked, {"importances": {"rows": rows, "repeats": repeats, primary: unshuffled}}


def _plan(rows: int, columns: int) -> tuple[int, int]:
    """Return the numbers of rows and repeats, within WORK."""
    low, high = REPEATS
    rows = min(rows, max(ROWS[0], min(ROWS[1], WORK // (columns * low))))
    return rows, max(low, min(high, WORK // (columns * rows)))
