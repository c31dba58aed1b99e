"""What the project knows of an estimator, and two that need little more than their constructor.

Libraries are imported inside functions, since the command line reads `ESTIMATORS` for its help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from sklearn.base import BaseEstimator

    from .config import Config
    from .features import Features

Rows: TypeAlias = "tuple[np.ndarray, np.ndarray]"  # the prepared matrix, and the targets
Losses = Iterator[tuple[float, float]]  # of training and validation rows, round by round


def _fit_again(estimator: Any, fitted: Any, rows: Rows, config: Config) -> None:
    estimator.fit(*rows)


@dataclass(frozen=True)
class Estimator:
    """One entry of `ESTIMATORS`; only `build` has no default.

    build     return it unfitted, for classes if True and for values if False
    prepare   return the step between the features and it, such as an imputer; by default, gaps are
              NaN and categories are codes
    fit       fit on training rows in rounds, stop early by validation rows, and keep the best
              round; None fits on training rows alone, without rounds
    refit     fit on all rows, for as many rounds as the estimator kept that `fit` was given
    searched  the settings of `train` that `tune` varies
    native    its parameter for the columns that hold categories, if their export is exact
    onnx      return what skl2onnx converts in its place, or its own ONNX model; `types` has to name
              the class that `build` returns
    types     full names of the classes in a saved model, besides those that skops trusts
    seconds   of `run` on two cores: whatever the rows, and for 10,000 cells
    """

    build: Callable[[Config, bool], BaseEstimator]
    prepare: Callable[[Features], Any] = lambda features: "passthrough"
    fit: Callable[[Any, Rows, Rows, Config], Losses] | None = None
    refit: Callable[[Any, Any, Rows, Config], None] = _fit_again
    searched: tuple[str, ...] = ()
    native: str = ""
    onnx: Callable[[Any], Any] = lambda fitted: fitted
    types: tuple[str, ...] = ()
    seconds: tuple[float, float] | None = None


def linear(config: Config, classify: bool) -> BaseEstimator:
    """Return a logistic regression, or a ridge regression."""
    from sklearn.linear_model import LogisticRegression, Ridge

    settings, seed = config.train, config.seed
    if not classify:
        return Ridge(alpha=settings.l2, random_state=seed)
    return LogisticRegression(
        C=1 / settings.l2,
        class_weight=settings.class_weight,
        max_iter=settings.rounds,
        random_state=seed,
    )


def random_forest(config: Config, classify: bool) -> BaseEstimator:
    """Return a random forest (Breiman 2001)."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    settings = config.train
    options: dict[str, Any] = {
        "n_estimators": settings.trees,
        "min_samples_leaf": settings.min_samples_leaf,
        "max_features": "sqrt" if classify else 0.5,
        "n_jobs": settings.threads,
        "random_state": config.seed,
    }
    if not classify:
        return RandomForestRegressor(**options)
    return RandomForestClassifier(**options, class_weight=settings.class_weight)


LINEAR = Estimator(linear, searched=("l2",))
RANDOM_FOREST = Estimator(
    random_forest, searched=("min_samples_leaf",), types=("sklearn.tree._tree.Tree",)
)
