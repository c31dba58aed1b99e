"""Probable label errors: training labels that a cross-validated model contradicts confidently.

The model is simple; ranking by the probability of the given label is the first step of confident
learning (Northcutt, Jiang & Chuang 2021).
"""

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from .reading import EXCERPT
from .words import words

SAMPLE = 10_000  # texts at most
FOLDS = 5
MIN_TEXTS = 2  # of the fitted ones, that hold a word
UNLIKELY = 0.05  # probability below which a label is reported
MAX_NAMED = 3


def notes(texts: pd.Series, targets: np.ndarray, labels: list[str]) -> list[str]:
    """Return a note with the count and the most probable errors, or no note if there are none."""
    rows = np.random.default_rng(0).permutation(len(texts))[:SAMPLE]
    targets, texts = targets[rows], texts.iloc[rows]
    if np.bincount(targets, minlength=len(labels)).min() < FOLDS:
        return []
    try:
        predictions = _predictions(CountVectorizer(analyzer=words).fit_transform(texts), targets)
    except ValueError:  # no word occurs twice
        return []
    given = predictions[np.arange(len(rows)), targets]
    unlikely = np.flatnonzero(given < UNLIKELY)
    worst = unlikely[np.argsort(given[unlikely], kind="stable")][:MAX_NAMED]
    named = "; ".join(f"{texts.iloc[row][:EXCERPT]!r} ({labels[targets[row]]})" for row in worst)
    return [
        f"{len(unlikely):,} of {len(rows):,} training labels are probably wrong (a cross-validated "
        f"model gives them under {UNLIKELY:.0%}), such as {named}."
    ] * (len(unlikely) > 0)


def _predictions(counts: csr_array, targets: np.ndarray) -> np.ndarray:
    """Return the cross-validated (rows, classes) probabilities from the words of each text."""
    found = np.empty((len(targets), targets.max() + 1))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    for fitted, held_out in folds.split(targets, targets):
        columns = np.flatnonzero(counts[fitted].count_nonzero(axis=0) >= MIN_TEXTS)
        weights, model = TfidfTransformer(sublinear_tf=True), LogisticRegression(C=4, max_iter=1000)
        model.fit(weights.fit_transform(counts[fitted][:, columns]), targets[fitted])
        found[held_out] = model.predict_proba(weights.transform(counts[held_out][:, columns]))
    return found
