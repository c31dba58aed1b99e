"""The `model` section of config.yaml; `tune` varies the settings marked with Search."""

from typing import Annotated, ClassVar

from pydantic import Field

from ..toolkit.settings.common import ModelSettings, Search
from .networks import SECONDS, Name


class Model(ModelSettings):
    """Which network, and how raw columns become features."""

    SECONDS: ClassVar[dict[str, tuple[float, float]]] = SECONDS

    name: Name = "mlp"
    width: Annotated[int, Field(ge=16, multiple_of=16)] = 128
    depth: Annotated[int, Field(ge=1), Search(1, 4)] = 2
    dropout: Annotated[float, Field(ge=0, lt=1), Search(0.0, 0.5)] = 0.1
    min_category_rows: int = Field(10, ge=1)
