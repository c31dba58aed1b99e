"""Which training labels a model that never saw them is confidently against: perhaps wrong ones.

The model is plain and cross-validated; ranking by the probability of the given label is the start
of confident learning (Northcutt, Jiang & Chuang 2021).
"""

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from .reading import SHOWN
from .words import words

SAMPLE = 10_000  # texts looked at
FOLDS = 5
UNLIKELY = 0.05  # probability of a label below which it is doubted
NAMED = 3


def notes(texts: pd.Series, targets: np.ndarray, labels: list[str]) -> list[str]:
    """Return a sentence with the count and the most doubtful rows; none if there are no doubts."""
    rows = np.random.default_rng(0).permutation(len(texts))[:SAMPLE]
    targets, texts = targets[rows], texts.iloc[rows]
    if np.bincount(targets, minlength=len(labels)).min() < FOLDS:
        return []
    words_alone = TfidfVectorizer(analyzer=words, sublinear_tf=True, min_df=2)
    model = make_pipeline(words_alone, LogisticRegression(C=4, max_iter=1000))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    try:
        predictions = cross_val_predict(model, texts, targets, cv=folds, method="predict_proba")
    except ValueError:  # no word occurs twice
        return []
    given = predictions[np.arange(len(rows)), targets]
    doubted = np.flatnonzero(given < UNLIKELY)
    worst = doubted[np.argsort(given[doubted], kind="stable")][:NAMED]
    named = "; ".join(f"{texts.iloc[row][:SHOWN]!r} ({labels[targets[row]]})" for row in worst)
    return [
        f"{len(doubted):,} of {len(rows):,} training labels look wrong to a cross-validated model "
        f"(it gives them under {UNLIKELY:.0%}), first of all: {named}."
    ] * (len(doubted) > 0)
