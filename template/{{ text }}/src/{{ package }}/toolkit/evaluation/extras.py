"""What texts add to an evaluation: doubtful labels, and what changes that mean nothing do."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..tables.split import Split, Splits
from ..texts import doubtful
from ..texts.changes import robustness
from .errors import Extras

Predict = Callable[[pd.DataFrame], np.ndarray]


def label_issues(splits: Splits) -> list[str]:
    """Return sentences about labels that a cross-validated model is confidently against."""
    train, labels = splits.train, splits.schema.labels or []
    return doubtful.notes(train.inputs["text"], train.targets, labels)


def evaluation(
    predictors: dict[str, Predict],
    splits: Splits,
    test: Split,
    threshold: float | None,
    mistakes: pd.DataFrame,
    config: BaseConfig,
) -> Extras:
    """Return what becomes of the metrics when texts are written in another way."""
    changed = robustness(predictors["model"], test.inputs, test.targets, threshold)
    return Extras({"robustness": changed})
