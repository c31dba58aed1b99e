"""The `model` section of config.yaml."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..estimators import ESTIMATORS
from ..toolkit.settings.common import Choice, ModelSettings

NATIVE = tuple(name for name, each in ESTIMATORS.items() if each.native)


class Model(ModelSettings):
    """Which estimator, and how raw columns become features."""

    SECONDS: ClassVar = {name: each.seconds for name, each in ESTIMATORS.items()}

    name: Literal[*ESTIMATORS] = "hist-gradient-boosting"  # type: ignore[valid-type]
    min_category_rows: int = Field(10, ge=1)
    categories: Annotated[
        Literal["auto", "ordinal", "native"], Choice(("ordinal", "native"), NATIVE)
    ] = "auto"
