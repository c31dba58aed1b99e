"""One Pipeline from texts to predictions: features -> estimator."""

from typing import TypeAlias

from sklearn.pipeline import Pipeline

from .config import Config
from .estimators import ESTIMATORS
from .features import Features
from .toolkit.tables.split import Splits

Model: TypeAlias = Pipeline


def build(config: Config, splits: Splits) -> Model:
    """Return the unfitted Pipeline for `model.name`."""
    settings = config.model
    features = Features(
        settings.max_words,
        settings.min_letters,
        settings.max_letters,
        settings.min_texts,
        settings.max_terms,
    )
    estimator = ESTIMATORS[settings.name].build(config)
    return Pipeline([("features", features), ("estimator", estimator)])
