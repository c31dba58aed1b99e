"""The `model` section of config.yaml; `tune` varies the settings marked with Search."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..toolkit.settings.common import ModelSettings, Search


class Model(ModelSettings):
    """Which network, and how raw columns become features."""

    # Seconds of `run` on two cores, by name: a constant, and per 10,000 cells and epoch.
    SECONDS: ClassVar[dict[str, tuple[float, float]]] = {
        "mlp": (32.0, 0.05),
        "ft-transformer": (32.0, 1.2),
    }

    name: Literal["mlp", "ft-transformer"] = "mlp"
    width: Annotated[int, Field(ge=16, multiple_of=16)] = 128
    depth: Annotated[int, Field(ge=1), Search(1, 4)] = 2
    dropout: Annotated[float, Field(ge=0, lt=1), Search(0.0, 0.5)] = 0.1
    min_category_rows: int = Field(10, ge=1)
