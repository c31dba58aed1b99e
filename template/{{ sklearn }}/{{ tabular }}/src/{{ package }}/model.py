"""One Pipeline from the canonical table to predictions: features -> prepare -> estimator."""

from typing import Any, TypeAlias

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from .config import Config
from .estimators import ESTIMATORS
from .features import Features
from .toolkit.runs import UserError
from .toolkit.tables.split import Splits

Model: TypeAlias = Pipeline


def build(config: Config, splits: Splits) -> Model:
    """Return the unfitted Pipeline for `model.name`; a classifier if the schema has labels."""
    schema = splits.schema
    if config.train.class_weight and schema.labels is None:
        raise UserError("train.class_weight: only classes can be weighted; set it to null.")
    if config.model.categories == "native" and config.model.name != "lightgbm":
        told = f"native is for lightgbm; {config.model.name} has no faithful export with it"
        raise UserError(f"model.categories: {told}: take ordinal.")
    if config.train.bag > 1 and config.data.time is not None:
        why = "models that each miss a stretch of data.time are worse at later rows than one alone"
        raise UserError(f"train.bag: {why}: set it to 1.")
    features = Features.of(config, schema)
    prepare = _prepare(config.model.name, features)
    estimator = ESTIMATORS[config.model.name](config, schema.labels is not None)
    if config.model.categories == "native" and features.categories:  # the last of the matrix
        width = len(features.names())
        places = list(range(width - len(features.categories), width))
        estimator.set_params(categorical_column=places)
    return Pipeline([("features", features), ("prepare", prepare), ("estimator", estimator)])


def _prepare(name: str, features: Features) -> Any:
    """What the estimator can't do itself; boosting takes gaps and codes as they are."""
    if name == "random-forest":  # its own handling of gaps has no faithful export
        return SimpleImputer(strategy="median", keep_empty_features=True)
    if name != "linear":  # never scale for trees: rounding would move values across split points
        return "passthrough"
    codes = len(features.categories)
    width = len(features.names())
    numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    return ColumnTransformer(
        [
            ("numbers", numbers, list(range(width - codes))),
            ("codes", OneHotEncoder(handle_unknown="ignore"), list(range(width - codes, width))),
        ]
    )
