"""The estimators behind `model.name`, from the settings that they share; all are linear."""

from collections.abc import Callable

from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from .config import Config
from .toolkit.runs import UserError


def _linear(config: Config) -> BaseEstimator:
    settings = config.train
    return LogisticRegression(
        C=1 / settings.l2, class_weight=settings.class_weight, max_iter=settings.rounds
    )


def _svm(config: Config) -> BaseEstimator:
    """Margins are learnt; Platt's sigmoid (1999), fitted on held-out folds, makes probabilities."""
    settings = config.train
    machine = LinearSVC(
        C=0.1 / settings.l2,  # about as strong a penalty as that of the logistic regression
        class_weight=settings.class_weight,
        max_iter=settings.rounds,
        random_state=config.seed,
    )
    return CalibratedClassifierCV(machine, ensemble=False)


def _naive_bayes(config: Config) -> BaseEstimator:
    """Rennie et al. 2003: each class is told by what the others hold, which suits rare ones."""
    if config.train.class_weight:
        raise UserError("train.class_weight: naive-bayes takes none; set it to null.")
    return ComplementNB(alpha=config.train.l2)


ESTIMATORS: dict[str, Callable[[Config], BaseEstimator]] = {
    "linear": _linear,
    "svm": _svm,
    "naive-bayes": _naive_bayes,
}
