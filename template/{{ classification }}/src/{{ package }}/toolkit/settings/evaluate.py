"""The `evaluate` section of config.yaml."""

from typing import ClassVar

from .common import EvaluateSettings


class Evaluate(EvaluateSettings):
    """The primary metric, and the size of the bootstrap."""

    PROBLEM: ClassVar = "classification"
    CHOICES: ClassVar = (
        "average_precision",
        "roc_auc",
        "f1_macro",
        "balanced_accuracy",
        "log_loss",
    )

    primary: str = "average_precision"
    positive: str | None = None
