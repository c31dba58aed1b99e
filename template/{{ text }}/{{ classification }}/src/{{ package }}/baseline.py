"""The baselines of a text classifier."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from .config import Config
from .toolkit.tables.split import Splits
from .toolkit.tables.target import sampled

NAIVE = ("prevalence",)  # the model has to outperform this
PLAIN = "linear"  # a simple model that may be good enough
ROWS = 50_000  # enough for a baseline, however many texts there are


def baselines(splits: Splits, config: Config) -> dict[str, Callable[[pd.DataFrame], np.ndarray]]:
    """Return functions to (rows, classes): class frequencies, and a linear model.

    The linear model is a logistic regression on single words and punctuation marks.
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
