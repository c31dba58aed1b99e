"""One Pipeline from pictures to predictions: features -> prepare -> estimator."""

from typing import ClassVar

from .config import Config
from .estimators import ESTIMATORS
from .features import Features
from .toolkit.pipeline import ExportablePipeline, check_probabilities
from .toolkit.tables.split import Splits


class Model(ExportablePipeline):
    """The steps `features`, `prepare` and `estimator`."""

    ENTRIES: ClassVar = ESTIMATORS


def build(config: Config, splits: Splits) -> Model:
    """Return the unfitted Pipeline for `model.name`; a classifier if the schema has labels."""
    entry, features = ESTIMATORS[config.model.name], Features(config.data.size)
    estimator = entry.build(config, splits.schema.labels is not None)
    check_probabilities(config.model.name, estimator, splits.schema.labels)
    steps = [("features", features), ("prepare", entry.prepare(features))]
    return Model([*steps, ("estimator", estimator)])
