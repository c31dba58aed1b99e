"""One Pipeline from the canonical table to predictions: features -> prepare -> estimator."""

from typing import Any

from sklearn.pipeline import Pipeline

from .config import Config
from .estimators import ESTIMATORS
from .features import Features
from .toolkit.bag import members
from .toolkit.runs import UserError
from .toolkit.tables.split import Splits


class Model(Pipeline):
    """The steps `features`, `prepare` and `estimator`."""

    def onnx_estimators(self) -> list[Any]:
        """Return what skl2onnx converts of the estimator, or of each of a bag, or ONNX itself."""
        return [_convertible(each) for each in members(self[-1])]


def _convertible(estimator: Any) -> Any:
    """Return what the entry of the estimator's class gives to convert."""
    kind = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
    entries = (entry for entry in ESTIMATORS.values() if kind in entry.types)
    return next((entry.onnx(estimator) for entry in entries), estimator)


def build(config: Config, splits: Splits) -> Model:
    """Return the unfitted Pipeline for `model.name`; a classifier if the schema has labels."""
    schema, entry = splits.schema, ESTIMATORS[config.model.name]
    if config.train.class_weight and schema.labels is None:
        raise UserError("train.class_weight: only classes can be weighted; set it to null.")
    if config.model.categories == "native" and not entry.native:
        able = " or ".join(name for name, each in ESTIMATORS.items() if each.native)
        told = f"native is for {able}; {config.model.name} has no faithful export with it"
        raise UserError(f"model.categories: {told}: take ordinal.")
    if config.train.bag > 1 and config.data.time is not None:
        why = "models that each miss a stretch of data.time are worse at later rows than one alone"
        raise UserError(f"train.bag: {why}: set it to 1.")
    features = Features.of(config, schema)
    estimator = entry.build(config, schema.labels is not None)
    if config.model.categories == "native" and features.categories:  # the last of the matrix
        width = len(features.names())
        places = list(range(width - len(features.categories), width))
        estimator.set_params(**{entry.native: places})
    steps = [("features", features), ("prepare", entry.prepare(features))]
    return Model([*steps, ("estimator", estimator)])
