"""The `model` section of config.yaml."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..toolkit.settings.common import Choice, ModelSettings


class Model(ModelSettings):
    """Which estimator, and how raw columns become features."""

    # Of `run` on two cores, by name: seconds whatever the rows, and for 10,000 cells.
    SECONDS: ClassVar[dict[str, tuple[float, float]]] = {
        "linear": (15.0, 0.1),
        "hist-gradient-boosting": (17.0, 0.2),
        "random-forest": (21.0, 1.0),
        "lightgbm": (17.0, 0.5),
        "xgboost": (17.0, 0.4),
    }

    name: Literal[
        "linear", "hist-gradient-boosting", "random-forest", "lightgbm", "xgboost", "catboost"
    ] = "hist-gradient-boosting"
    min_category_rows: int = Field(10, ge=1)
    categories: Annotated[
        Literal["auto", "ordinal", "native"], Choice(("ordinal", "native"), ("lightgbm",))
    ] = "auto"
