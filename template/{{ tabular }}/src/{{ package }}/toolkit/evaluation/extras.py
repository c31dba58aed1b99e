"""What tables add to an evaluation: how much a model leans on each column."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..tables.split import Split, Splits
from . import scores
from .errors import Extras

Predict = Callable[[pd.DataFrame], np.ndarray]
REPEATS = (3, 10)  # of each column: at least, and at most
ROWS = (200, 2_000)  # a sample, where there are more
WORK = 60_000  # rows predicted in all: a second for trees, 20 for an FT-Transformer on two cores


def label_issues(splits: Splits) -> list[str]:
    """Return sentences about training labels that look wrong: tables are not searched for any."""
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

    The table has a row a column, most important first: the mean over the repeats and their standard
    deviation. Beside it, what it was measured on: rows (a sample, drawn by the seed) and repeats.
    Of columns that say the same, each looks unimportant, since the other still tells.
    """
    rng, primary = np.random.default_rng(config.seed), config.evaluate.primary
    rows, repeats = _plan(*inputs.shape)
    kept = np.sort(rng.choice(len(inputs), rows, replace=False))
    inputs, targets = inputs.iloc[kept].reset_index(drop=True), targets[kept]
    own, sign = config.evaluate.OWN, scores.sign(config.evaluate)
    whole = scores.score(targets, predict(inputs), threshold, own)[primary]
    many, table = pd.concat([inputs] * repeats, ignore_index=True), []
    for name in inputs:
        order = np.concatenate([rng.permutation(rows) for _ in range(repeats)])
        shuffled = inputs[name].take(order).set_axis(many.index)
        parts = np.split(predict(many.assign(**{name: shuffled})), repeats)
        found = [scores.score(targets, part, threshold, own)[primary] for part in parts]
        losses = sign * (whole - np.array(found))
        table.append({"column": name, "importance": losses.mean(), "spread": losses.std(ddof=1)})
    ranked = pd.DataFrame(table).sort_values("importance", ascending=False, kind="stable")
    return ranked, {"importances": {"rows": rows, "repeats": repeats, primary: whole}}


def _plan(rows: int, columns: int) -> tuple[int, int]:
    """Return how many rows to shuffle, and how often: first rows, then repeats, within WORK."""
    least, most = REPEATS
    rows = min(rows, max(ROWS[0], min(ROWS[1], WORK // (columns * least))))
    return rows, max(least, min(most, WORK // (columns * rows)))
