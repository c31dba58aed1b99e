"""The baselines of a regression model."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline

from .config import Config
from .toolkit.evaluation.encoders import coded, scaled
from .toolkit.tables.split import Split, Splits
from .toolkit.tables.target import sampled

NAIVE = ("mean", "median")  # the model has to outperform these
PLAIN = "linear"  # the simplest model that may suffice
ROWS = 50_000  # enough for a baseline, however long the table is


def baselines(splits: Splits, config: Config) -> dict[str, Callable[[pd.DataFrame], np.ndarray]]:
    """Return predictors of (rows,): training mean and median, and two plain models."""
    train = splits.train
    mean, median = train.targets.mean(dtype=np.float64), np.median(train.targets)
    return {
        "mean": lambda inputs: np.full(len(inputs), mean, np.float32),
        "median": lambda inputs: np.full(len(inputs), median, np.float32),
        "linear": _fitted(make_pipeline(scaled(), Ridge()), train),
        "boosting": _fitted(
            make_pipeline(coded(), HistGradientBoostingRegressor(random_state=0)), train
        ),
    }


def _fitted(model: Pipeline, train: Split) -> Callable[[pd.DataFrame], np.ndarray]:
    sample = sampled(train.targets, ROWS)
    model.fit(train.inputs.iloc[sample], train.targets[sample])
    return lambda inputs: model.predict(inputs).astype(np.float32)
