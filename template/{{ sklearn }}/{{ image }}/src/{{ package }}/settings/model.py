"""The `model` section of config.yaml."""

from typing import ClassVar, Literal

from ..toolkit.settings.common import ModelSettings


class Model(ModelSettings):
    """Which estimator looks at the oriented gradients and colours of a picture."""

    # Of `run` on two cores, by name: seconds whatever the rows, and for 10,000 cells.
    SECONDS: ClassVar[dict[str, tuple[float, float]]] = {
        "linear": (24.0, 5.0),
    }

    name: Literal["linear", "hist-gradient-boosting", "random-forest", "lightgbm", "xgboost"] = (
        "linear"
    )
