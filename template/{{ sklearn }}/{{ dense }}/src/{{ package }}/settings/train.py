"""The `train` section of config.yaml; `tune` varies what is marked with Search."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ..toolkit.settings.common import Search

BOOSTING = ("hist-gradient-boosting", "lightgbm", "xgboost", "catboost")
LEAFWISE = ("hist-gradient-boosting", "lightgbm", "xgboost")
LEAVES = ("hist-gradient-boosting", "lightgbm", "random-forest")


class Train(BaseModel, extra="forbid", frozen=True):
    """Hyperparameters by the names that the estimators share."""

    rounds: int = Field(3000, ge=1)
    trees: int = Field(500, ge=1)
    learning_rate: Annotated[float, Field(gt=0), Search(0.01, 0.3, True, BOOSTING)] = 0.05
    max_leaf_nodes: Annotated[int, Field(ge=2), Search(4, 64, True, LEAFWISE)] = 15
    depth: Annotated[int, Field(ge=1, le=16), Search(3, 9, False, ("catboost",))] = 6
    min_samples_leaf: Annotated[int, Field(ge=1), Search(5, 100, True, LEAVES)] = 20
    l2: Annotated[float, Field(gt=0), Search(1e-3, 100.0, True, (*BOOSTING, "linear"))] = 1.0
    bag: int = Field(1, ge=1, le=20)
    refit: Literal["auto", "always", "never"] = "auto"
    class_weight: Literal["balanced"] | None = None
    patience: int = Field(100, ge=1)
    tolerance: float = Field(0.0, ge=0)
    threads: int | None = Field(None, ge=1)
