"""The `model` section of config.yaml."""

from typing import Literal

from pydantic import BaseModel


class Model(BaseModel, extra="forbid", frozen=True):
    """Which estimator looks at the oriented gradients and colours of a picture."""

    name: Literal[
        "linear", "hist-gradient-boosting", "random-forest", "lightgbm", "xgboost", "catboost"
    ] = "linear"
