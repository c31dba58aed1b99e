"""The baselines of a classifier."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from .config import Config
from .toolkit.evaluation.encoders import coded, scaled
from .toolkit.tables.split import Split, Splits
from .toolkit.tables.target import sampled

NAIVE = ("prevalence",)  # the model has to outperform these
PLAIN = "linear"  # the simplest model that may suffice
ROWS = 50_000  # enough for a baseline, however long the table is


def baselines(splits: Splits, config: Config) -> dict[str, Callable[[pd.DataFrame], np.ndarray]]:
    """Return predictors of (rows, classes): shares of the classes in training, two plain models."""
    train = splits.train
    share = (np.bincount(train.targets) / len(train.targets)).astype(np.float32)
    linear = make_pipeline(scaled(), LogisticRegression(max_iter=1000))
    boosting = make_pipeline(coded(), HistGradientBoostingClassifier(early_stopping=False))
    return {
        "prevalence": lambda inputs: np.tile(share, (len(inputs), 1)),
        "linear": _fitted(linear, train),
        "boosting": _fitted(boosting, train),
    }


def _fitted(model: Pipeline, train: Split) -> Callable[[pd.DataFrame], np.ndarray]:
    sample = sampled(train.targets, ROWS)
    model.fit(train.inputs.iloc[sample], train.targets[sample])
    return lambda inputs: model.predict_proba(inputs).astype(np.float32)
