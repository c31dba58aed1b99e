"""One Pipeline from the canonical table to predictions: features -> prepare -> estimator."""

from typing import ClassVar

from sklearn.base import clone

from .config import Config
from .estimators import ESTIMATORS
from .features import Features
from .toolkit.export.feature_parity import check_features
from .toolkit.pipeline import ExportablePipeline, Transform, check_probabilities
from .toolkit.runs import UserError
from .toolkit.tables.split import Splits

CHECKED = 500  # training rows on which numpy and ONNX features are compared
TARGET: Transform | None = None  # of numeric targets, such as a logarithm


class Model(ExportablePipeline):
    """The steps `features`, `prepare` and `estimator`."""

    ENTRIES: ClassVar = ESTIMATORS
    TARGET: ClassVar = TARGET


def build(config: Config, splits: Splits) -> Model:
    """Return the unfitted Pipeline for `model.name`; a classifier if the schema has labels."""
    schema, entry = splits.schema, ESTIMATORS[config.model.name]
    if config.train.class_weight and schema.labels is None:
        raise UserError("train.class_weight: only classes can be weighted; set it to null.")
    if config.model.categories == "native" and not entry.native:
        able = " or ".join(name for name, each in ESTIMATORS.items() if each.native)
        reason = f"native needs {able}, since {config.model.name} has no exact export with it"
        raise UserError(f"model.categories: {reason}: use ordinal.")
    if config.train.bag > 1 and config.data.time is not None:
        reason = "models that each lack a period of data.time predict later rows worse than one"
        raise UserError(f"train.bag: {reason}: set it to 1.")
    features = Features.of(config, schema)
    some = splits.train.inputs.iloc[:: 1 + len(splits.train.ids) // CHECKED]
    check_features(clone(features).fit(some), schema, some)
    estimator = entry.build(config, schema.labels is not None)
    check_probabilities(config.model.name, estimator, schema.labels)
    if config.model.categories == "native" and features.categories:  # the last of the matrix
        width = len(features.names())
        places = list(range(width - len(features.categories), width))
        estimator.set_params(**{entry.native: places})
    steps = [("features", features), ("prepare", entry.prepare(features))]
    return Model([*steps, ("estimator", estimator)])
