"""A Pipeline that says what exports take of it, and whose target may be transformed."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
from sklearn.pipeline import Pipeline

from .bag import members
from .export.onnx_graph import Graph
from .runs import UserError


class Transform(NamedTuple):
    """A transform of a numeric target: the estimator is fitted to `forward` of it.

    forward  (rows,) values to (rows,) values
    inverse  its inverse, which predictions go through
    onnx     adds the inverse to a graph: takes the name of (rows, 1) float32 values, returns one
    """

    forward: Callable[[np.ndarray], np.ndarray]
    inverse: Callable[[np.ndarray], np.ndarray]
    onnx: Callable[[Graph, str], str]


class ExportablePipeline(Pipeline):
    """Features, preparation and estimator; `ENTRIES` say how the estimator is converted."""

    ENTRIES: ClassVar[Mapping[str, Any]] = {}
    TARGET: ClassVar[Transform | None] = None

    def fitted_to(self, targets: np.ndarray) -> np.ndarray:
        """Return what the estimator is fitted to: label codes, or transformed values."""
        if self.TARGET is None or targets.dtype == np.int64:
            return targets
        with np.errstate(all="ignore"):
            values = self.TARGET.forward(targets)
        if len(lost := targets[~np.isfinite(values)]):
            raise UserError(
                f"model.py: TARGET has no value for {lost[0]:g}: use another transform."
            )
        if not np.allclose(self.TARGET.inverse(values), targets, rtol=1e-4):
            raise UserError("model.py: `inverse` of TARGET does not undo `forward`: correct it.")
        return values

    def predict(self, inputs: Any, **options: Any) -> np.ndarray:
        """Return (rows,) label codes or values."""
        values = super().predict(inputs, **options)
        transform = self._transform()
        return transform.inverse(values) if transform else values

    def _transform(self) -> Transform | None:
        return None if hasattr(self, "predict_proba") else self.TARGET

    def onnx_estimators(self) -> list[Any]:
        """Return what skl2onnx converts of the estimator, or of each of a bag; or ONNX itself."""
        return [self._convertible(each) for each in members(self[-1])]

    def _convertible(self, estimator: Any) -> Any:
        kind = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
        entries = (entry for entry in self.ENTRIES.values() if kind in entry.types)
        return next((entry.onnx(estimator) for entry in entries), estimator)

    def onnx_target(self, graph: Graph, scores: str) -> str:
        """Add what `predict` does to the estimator's scores, and return the name of the result."""
        transform = self._transform()
        return transform.onnx(graph, scores) if transform else scores


def check_probabilities(name: str, estimator: Any, labels: list[str] | None) -> None:
    """Raise UserError for a classifier that gives no probabilities."""
    if labels and not hasattr(estimator, "predict_proba"):
        raise UserError(
            f"estimators.py: {name!r} gives no probabilities: let its `build` wrap it in "
            "CalibratedClassifierCV."
        )
