"""One Pipeline from pictures to predictions: features -> prepare -> estimator."""

from typing import Any

from sklearn.pipeline import Pipeline

from .config import Config
from .estimators import ESTIMATORS
from .features import Features
from .toolkit.bag import members
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
    entry, features = ESTIMATORS[config.model.name], Features(config.data.size)
    estimator = entry.build(config, splits.schema.labels is not None)
    steps = [("features", features), ("prepare", entry.prepare(features))]
    return Model([*steps, ("estimator", estimator)])
