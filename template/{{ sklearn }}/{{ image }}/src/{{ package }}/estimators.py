"""The estimators behind `model.name`: an entry of `ESTIMATORS` is all that one needs."""

from dataclasses import replace
from typing import Any

from .boosting import HIST_GRADIENT_BOOSTING, LIGHTGBM, XGBOOST
from .estimator import LINEAR, RANDOM_FOREST


def _scaled(features: Any) -> Any:
    from sklearn.preprocessing import StandardScaler

    return StandardScaler()


ESTIMATORS = {
    "linear": replace(LINEAR, prepare=_scaled, seconds=(24.0, 5.0)),
    "hist-gradient-boosting": HIST_GRADIENT_BOOSTING,
    "random-forest": RANDOM_FOREST,
    "lightgbm": LIGHTGBM,
    "xgboost": XGBOOST,
}
