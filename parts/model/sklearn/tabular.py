"""One Pipeline from the canonical table to predictions: features -> prepare -> estimator."""

from typing import Any, TypeAlias

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from .config import Config
from .estimators import ESTIMATORS
from .features import Features
from .runs import UserError
from .tables.schema import Schema

Model: TypeAlias = Pipeline


def build(config: Config, schema: Schema) -> Model:
    """Return the unfitted Pipeline for `model.name`; a classifier if the schema has labels."""
    if config.train.class_weight and schema.labels is None:
        raise UserError("train.class_weight: only classes can be weighted; set it to null.")
    features = _features(config, schema)
    prepare = _prepare(config.model.name, features)
    estimator = ESTIMATORS[config.model.name](config, schema.labels is not None)
    return Pipeline([("features", features), ("prepare", prepare), ("estimator", estimator)])


def _features(config: Config, schema: Schema) -> Features:
    kinds: dict[str, list[str]] = {"number": [], "date": [], "category": []}
    for column in schema.columns:
        kinds[column.kind].append(column.name)
    gappy = [c.name for c in schema.columns if c.missing and c.kind != "category"]
    numbers, dates, categories = kinds.values()
    return Features(numbers, dates, categories, gappy, config.model.min_category_rows)


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
