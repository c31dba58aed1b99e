"""What texts add to an evaluation: label issues, and robustness to changes of spelling."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..tables.split import Split, Splits
from ..texts import label_errors
from ..texts.changes import robustness
from .errors import Extras

Predict = Callable[[pd.DataFrame], np.ndarray]


def label_issues(splits: Splits) -> list[str]:
    """Return notes about training labels that a cross-validated model contradicts confidently."""
    train, labels = splits.train, splits.schema.labels or []
    return label_errors.notes(train.inputs["text"], train.targets, labels)


def evaluation(
    predictors: dict[str, Predict],
    splits: Splits,
    test: Split,
    threshold: float | None,
    mistakes: pd.DataFrame,
    config: BaseConfig,
) -> Extras:
    """Return the metrics on texts with other spelling, case, punctuation or spaces."""
    changes = robustness(predictors["model"], test.inputs, test.targets, threshold)
    return Extras({"robustness": changes})
