"""What a classifier of texts has to beat."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from .config import Config
from .toolkit.tables.split import Splits
from .toolkit.tables.target import sampled

NAIVE = ("prevalence",)  # what the model has to beat
PLAIN = "linear"  # the simplest model that may do
ROWS = 50_000  # enough for a yardstick, however many texts there are


def baselines(splits: Splits, config: Config) -> dict[str, Callable[[pd.DataFrame], np.ndarray]]:
    """Return what predicts (rows, classes): shares of classes in training, and a plain model.

    The plain one is a logistic regression on single words and signs.
    """
    train = splits.train
    share = (np.bincount(train.targets) / len(train.targets)).astype(np.float32)
    sample = sampled(train.targets, ROWS)
    words = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]")
    linear = make_pipeline(words, LogisticRegression(max_iter=1000))
    linear.fit(train.inputs["text"].iloc[sample], train.targets[sample])
    return {
        "prevalence": lambda inputs: np.tile(share, (len(inputs), 1)),
        "linear": lambda inputs: linear.predict_proba(inputs["text"]).astype(np.float32),
    }
