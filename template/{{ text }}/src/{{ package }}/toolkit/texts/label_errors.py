"""Probable label errors: training labels that a cross-validated model contradicts confidently.

The model is simple; ranking by the probability of the given label is the first step of confident
learning (Northcutt, Jiang & Chuang 2021).
"""

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from .reading import EXCERPT
from .words import words

SAMPLE = 10_000  # texts at most
FOLDS = 5
UNLIKELY = 0.05  # probability below which a label is reported
MAX_NAMED = 3


def notes(texts: pd.Series, targets: np.ndarray, labels: list[str]) -> list[str]:
    """Return a note with the count and the most probable errors, or no note if there are none."""
    rows = np.random.default_rng(0).permutation(len(texts))[:SAMPLE]
    targets, texts = targets[rows], texts.iloc[rows]
    if np.bincount(targets, minlength=len(labels)).min() < FOLDS:
        return []
    vectorizer = TfidfVectorizer(analyzer=words, sublinear_tf=True, min_df=2)
    model = LogisticRegression(C=4, max_iter=1000)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    try:
        matrix = vectorizer.fit_transform(texts)  # once: it looks at no label
    except ValueError:  # no word occurs twice
        return []
    predictions = cross_val_predict(model, matrix, targets, cv=folds, method="predict_proba")
    given = predictions[np.arange(len(rows)), targets]
    unlikely = np.flatnonzero(given < UNLIKELY)
    worst = unlikely[np.argsort(given[unlikely], kind="stable")][:MAX_NAMED]
    named = "; ".join(f"{texts.iloc[row][:EXCERPT]!r} ({labels[targets[row]]})" for row in worst)
    return [
        f"{len(unlikely):,} of {len(rows):,} training labels are probably wrong (a cross-validated "
        f"model gives them under {UNLIKELY:.0%}), such as {named}."
    ] * (len(unlikely) > 0)
