"""The baselines of an image classifier."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .config import Config
from .toolkit.images.pixels import read
from .toolkit.tables.split import Splits
from .toolkit.tables.target import sampled

LINEAR_ROWS = 10_000  # enough for a baseline, however many images there are
NAIVE = ("prevalence", "random guess")  # the model has to outperform these
PLAIN = "linear"  # a simple model that may be good enough
SIDE = 8  # pixels of the thumbnails for the linear model


def baselines(splits: Splits, config: Config) -> dict[str, Callable[[pd.DataFrame], np.ndarray]]:
    """Return functions to (rows, classes): class frequencies, random guesses, a linear model.

    A constant prediction has a macro-F1 near zero, so random guesses are the baseline to beat.
    """
    train = splits.train
    share = np.bincount(train.targets) / len(train.targets)
    sample = sampled(train.targets, LINEAR_ROWS)
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    linear.fit(_thumbnails(train.inputs.iloc[sample]), train.targets[sample])

    def guess(inputs: pd.DataFrame) -> np.ndarray:
        codes = np.random.default_rng(0).choice(len(share), len(inputs), p=share)
        return np.eye(len(share), dtype=np.float32)[codes]

    return {
        "prevalence": lambda inputs: np.tile(share.astype(np.float32), (len(inputs), 1)),
        "random guess": guess,
        "linear": lambda inputs: linear.predict_proba(_thumbnails(inputs)).astype(np.float32),
    }


def _thumbnails(inputs: pd.DataFrame) -> np.ndarray:
    return read(inputs["image"].tolist(), SIDE).reshape(len(inputs), -1) / np.float32(255)
