"""One Pipeline from pictures to predictions: features -> prepare -> estimator."""

from typing import TypeAlias

from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from .config import Config
from .estimators import ESTIMATORS
from .features import Features
from .toolkit.tables.split import Splits

Model: TypeAlias = Pipeline


def build(config: Config, splits: Splits) -> Model:
    """Return the unfitted Pipeline for `model.name`; a classifier if the schema has labels."""
    name = config.model.name
    prepare = StandardScaler() if name == "linear" else "passthrough"
    estimator = ESTIMATORS[name](config, splits.schema.labels is not None)
    steps = [("features", Features(config.data.size)), ("prepare", prepare)]
    return Pipeline([*steps, ("estimator", estimator)])
