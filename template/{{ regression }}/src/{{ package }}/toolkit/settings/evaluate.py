"""The `evaluate` section of config.yaml."""

from typing import ClassVar

from .common import EvaluateSettings


class Evaluate(EvaluateSettings):
    """The primary metric, and the size of the bootstrap."""

    PROBLEM: ClassVar = "regression"
    CHOICES: ClassVar = ("mae", "rmse", "r2", "median_absolute_error")

    primary: str = "mae"
