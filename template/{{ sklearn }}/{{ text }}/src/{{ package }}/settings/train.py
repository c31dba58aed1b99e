"""The `train` section of config.yaml; `tune` varies what is marked with Search."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ..toolkit.settings.common import Search


class Train(BaseModel, extra="forbid", frozen=True):
    """Hyperparameters by the names that the estimators share."""

    rounds: int = Field(1000, ge=1)
    l2: Annotated[float, Field(gt=0), Search(1e-3, 10.0, log=True)] = 0.25
    class_weight: Literal["balanced"] | None = None
