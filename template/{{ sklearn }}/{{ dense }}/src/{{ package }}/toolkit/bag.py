"""A bag (Breiman 1996): a model for each fold of the rows, fitted on the others, and their mean."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.preprocessing import LabelEncoder

from .runs import UserError
from .tables.split import Split, strata

VOTING = VotingClassifier, VotingRegressor


def folds(rows: Split, count: int, seed: int) -> np.ndarray:
    """Return the fold (rows,) of each row, from 0 to `count` - 1 (setting `train.bag`).

    They are drawn, the same share of every class, or of every fifth of the values; rows of one
    group stay together. UserError where a fold would be empty, or a class have no row outside one.
    """
    found = _drawn(rows, count, seed)
    _check(found, rows.targets, count)
    return found


def _drawn(rows: Split, count: int, seed: int) -> np.ndarray:
    groups = rows.ids if rows.groups is None else rows.groups
    seeds = np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)  # spreads near seeds apart
    drawn = pd.DataFrame({"order": pd.util.hash_array(groups ^ seeds)}, groups)
    drawn = drawn.assign(stratum=strata(rows.targets))[~drawn.index.duplicated()]
    places = drawn.groupby("stratum")["order"].rank(method="first").astype(int)
    return places.loc[groups].to_numpy() % count


def _check(found: np.ndarray, targets: np.ndarray, count: int) -> None:
    if len(np.unique(found)) < count:
        raise UserError(f"train.bag: there are too few rows or groups for {count} folds: lower it.")
    if targets.dtype != np.int64:
        return
    for fold in range(count):
        if len(np.setdiff1d(targets, targets[found != fold])):
            raise UserError(
                f"train.bag: all rows of a class fall into one of {count} folds: set it to 1, or "
                "give more rows of the rarest class."
            )


def join(members: list[Any]) -> VotingClassifier | VotingRegressor:
    """Return one estimator that answers with the mean of fitted ones."""
    named = [(f"fold {place}", clone(member)) for place, member in enumerate(members)]
    if not hasattr(members[0], "predict_proba"):
        bag = VotingRegressor(named)
    else:
        bag = VotingClassifier(named, voting="soft", flatten_transform=False)
        bag.classes_ = members[0].classes_
        bag.le_ = LabelEncoder().fit(bag.classes_)
    bag.estimators_ = members
    return bag


def members(estimator: Any) -> list[Any]:
    """Return the estimators of a bag; any other is alone."""
    return list(estimator.estimators_) if isinstance(estimator, VOTING) else [estimator]
