"""The `model` section of config.yaml."""

from typing import ClassVar, Literal

from pydantic import BaseModel

from ..estimators import ESTIMATORS


class Model(BaseModel, extra="forbid", frozen=True):
    """Which estimator looks at the oriented gradients and colours of a picture."""

    SECONDS: ClassVar = {name: each.seconds for name, each in ESTIMATORS.items()}

    name: Literal[*ESTIMATORS] = "linear"  # type: ignore[valid-type]
