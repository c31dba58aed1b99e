"""What a classifier of pictures has to beat."""

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

LINEAR_ROWS = 10_000  # enough for a yardstick, however many pictures there are
NAIVE = ("prevalence", "random guess")  # what the model has to beat
PLAIN = "linear"  # the simplest model that may do
SIDE = 8  # pixels of the thumbnails that the linear model looks at


def baselines(splits: Splits, config: Config) -> dict[str, Callable[[pd.DataFrame], np.ndarray]]:
    """Return what predicts (rows, classes): each class's share in training, guesses, and linearly.

    Whoever always says the same has a macro-F1 near zero, so guessing is what has to be beaten.
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
