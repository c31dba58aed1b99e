"""What tables add to an evaluation: how much a model leans on each column."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from .config import Config
from .data import Split, Splits
from .scores.errors import Extras
from .scores.importances import importances

Predict = Callable[[pd.DataFrame], np.ndarray]


def label_issues(splits: Splits) -> list[str]:
    """Return sentences about training labels that look wrong: tables are not searched for any."""
    return []


def evaluation(
    predictors: dict[str, Predict],
    splits: Splits,
    test: Split,
    threshold: float | None,
    mistakes: pd.DataFrame,
    config: Config,
) -> Extras:
    """Return permutation importances of the columns."""
    model = predictors["model"]
    table, facts = importances(model, test.inputs, test.targets, threshold, config)
    return Extras({"importances": table}, facts=facts)
