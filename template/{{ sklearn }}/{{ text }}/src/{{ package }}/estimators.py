"""The estimators behind `model.name`, from the settings that they share; all are linear.

Libraries are imported inside functions, since the command line reads `ESTIMATORS` for its help.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .toolkit.runs import UserError

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from .config import Config


@dataclass(frozen=True)
class Estimator:
    """One entry of `ESTIMATORS`.

    build    return it unfitted
    types    full names of the classes in a saved model, besides those that skops trusts
    seconds  of `run` on two cores: whatever the rows, and for 10,000 cells
    """

    build: Callable[[Config], BaseEstimator]
    types: tuple[str, ...] = ()
    seconds: tuple[float, float] | None = None


def _linear(config: Config) -> BaseEstimator:
    from sklearn.linear_model import LogisticRegression

    settings = config.train
    return LogisticRegression(
        C=1 / settings.l2, class_weight=settings.class_weight, max_iter=settings.rounds
    )


def _svm(config: Config) -> BaseEstimator:
    """Margins are learnt; Platt's sigmoid (1999), fitted on held-out folds, makes probabilities."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import LinearSVC

    settings = config.train
    machine = LinearSVC(
        C=0.1 / settings.l2,  # about as strong a penalty as that of the logistic regression
        class_weight=settings.class_weight,
        max_iter=settings.rounds,
        random_state=config.seed,
    )
    return CalibratedClassifierCV(machine, ensemble=False)


def _naive_bayes(config: Config) -> BaseEstimator:
    """Rennie et al. 2003: estimated from the other classes of each, which suits rare ones."""
    from sklearn.naive_bayes import ComplementNB

    if config.train.class_weight:
        raise UserError("train.class_weight: naive-bayes takes none; set it to null.")
    return ComplementNB(alpha=config.train.l2)


ESTIMATORS = {
    "linear": Estimator(_linear, seconds=(10.0, 7.0)),
    "svm": Estimator(
        _svm,
        types=(
            "sklearn.calibration._CalibratedClassifier",
            "sklearn.calibration._SigmoidCalibration",
        ),
    ),
    "naive-bayes": Estimator(_naive_bayes),
}
