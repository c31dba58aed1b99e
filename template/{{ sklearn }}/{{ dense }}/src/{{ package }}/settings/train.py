"""The `train` section of config.yaml; `tune` varies what is marked with Search."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ..estimators import ESTIMATORS
from ..toolkit.settings.common import Search


def _search(setting: str, low: float, high: float, log: bool = True) -> Search:
    """Return a range to search, for the estimators whose entries name the setting."""
    models = tuple(name for name, each in ESTIMATORS.items() if setting in each.searched)
    return Search(low, high, log, models)


class Train(BaseModel, extra="forbid", frozen=True):
    """Hyperparameters by the names that the estimators share."""

    rounds: int = Field(3000, ge=1)
    trees: int = Field(500, ge=1)
    learning_rate: Annotated[float, Field(gt=0), _search("learning_rate", 0.01, 0.3)] = 0.05
    max_leaf_nodes: Annotated[int, Field(ge=2), _search("max_leaf_nodes", 4, 64)] = 15
    depth: Annotated[int, Field(ge=1, le=16), _search("depth", 3, 9, log=False)] = 6
    min_samples_leaf: Annotated[int, Field(ge=1), _search("min_samples_leaf", 5, 100)] = 20
    l2: Annotated[float, Field(gt=0), _search("l2", 1e-3, 100.0)] = 1.0
    bag: int = Field(1, ge=1, le=20)
    refit: Literal["auto", "always", "never"] = "auto"
    class_weight: Literal["balanced"] | None = None
    patience: int = Field(100, ge=1)
    tolerance: float = Field(0.0, ge=0)
    threads: int | None = Field(None, ge=1)
