"""The `model` section of config.yaml."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from .search import Choice


class Model(BaseModel, extra="forbid", frozen=True):
    """Which estimator, and how raw columns become features."""

    name: Literal[
        "linear", "hist-gradient-boosting", "random-forest", "lightgbm", "xgboost", "catboost"
    ] = "hist-gradient-boosting"
    min_category_rows: int = Field(10, ge=1)
    categories: Annotated[
        Literal["ordinal", "native"], Choice(("ordinal", "native"), ("lightgbm",))
    ] = "ordinal"
