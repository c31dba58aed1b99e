"""One Pipeline from pictures to predictions: features -> prepare -> estimator."""

from typing import TypeAlias

from sklearn.pipeline import Pipeline

from .config import Config
from .data import Splits
from .estimators import ESTIMATORS
from .features import Features

Model: TypeAlias = Pipeline


def build(config: Config, splits: Splits) -> Model:
    """Return the unfitted Pipeline for `model.name`; a classifier if the schema has labels."""
    entry, features = ESTIMATORS[config.model.name], Features(config.data.size)
    estimator = entry.build(config, splits.schema.labels is not None)
    steps = [("features", features), ("prepare", entry.prepare(features))]
    return Pipeline([*steps, ("estimator", estimator)])
