"""The estimators behind `model.name`: an entry of `ESTIMATORS` is all that one needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .boosting import HIST_GRADIENT_BOOSTING, LIGHTGBM, XGBOOST
from .estimator import LINEAR, RANDOM_FOREST

if TYPE_CHECKING:
    from .features import Features


def _scaled(features: Features) -> Any:
    from sklearn.preprocessing import StandardScaler

    return StandardScaler()


ESTIMATORS = {
    "linear": replace(LINEAR, prepare=_scaled, seconds=(24.0, 5.0)),
    "hist-gradient-boosting": HIST_GRADIENT_BOOSTING,
    "random-forest": RANDOM_FOREST,
    "lightgbm": LIGHTGBM,
    "xgboost": XGBOOST,
}
