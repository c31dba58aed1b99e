"""The `model` section of config.yaml."""

from typing import ClassVar, Literal

from ..estimators import ESTIMATORS
from ..toolkit.settings.common import ModelSettings


class Model(ModelSettings):
    """Which estimator looks at the oriented gradients and colours of a picture."""

    SECONDS: ClassVar = {name: each.seconds for name, each in ESTIMATORS.items()}

    name: Literal[*ESTIMATORS] = "linear"  # type: ignore[valid-type]
