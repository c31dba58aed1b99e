"""What skl2onnx needs to convert boosted trees without changing a decision.

Thresholds of decision trees are float32 in ONNX. Features x are float32, so x <= t is x <= the
largest float32 not above t; rounding to the nearest would send an x between the two the wrong way.
XGBoost's thresholds are float32, and the converter of scikit-learn's other trees does the same as
this.
"""

import copy
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from skl2onnx import update_registered_converter
from skl2onnx.common import shape_calculator
from sklearn.base import is_classifier


def float32_histogram(estimator: Any) -> Any:
    """Return a copy of a HistGradientBoosting whose thresholds are float32, and decides alike."""
    estimator = copy.deepcopy(estimator)
    for tree in (tree for trees in estimator._predictors for tree in trees):
        tree.nodes["num_threshold"] = _floor(tree.nodes["num_threshold"])
    return estimator


def float32_lightgbm(estimator: Any) -> Any:
    """Return a copy of a LightGBM whose thresholds are float32, and decides alike."""
    text = estimator.booster_.model_to_string()
    text = re.sub("^tree_sizes=.*\n", "", text, flags=re.M)  # bytes a tree, no longer true
    text = re.sub("^threshold=(.*)$", _floor_line, text, flags=re.M)
    estimator = copy.copy(estimator)
    estimator._Booster = type(estimator.booster_)(model_str=text)
    return estimator


def _floor(thresholds: np.ndarray) -> np.ndarray:
    """Return the largest float32 not above each float64."""
    with np.errstate(over="ignore"):
        near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


def _floor_line(line: re.Match[str]) -> str:
    thresholds = np.array(line[1].split(), np.float64)
    return "threshold=" + " ".join(map(repr, _floor(thresholds).astype(np.float64).tolist()))


def registered(estimator: Any, convert: Callable[..., None]) -> Any:
    """Return an estimator from outside scikit-learn that skl2onnx now knows how to convert."""
    shape = shape_calculator.calculate_linear_regressor_output_shapes
    options: dict[str, list[Any]] = {}
    if is_classifier(estimator):
        shape = shape_calculator.calculate_linear_classifier_output_shapes
        options = {"zipmap": [True, False, "columns"], "nocl": [True, False]}
    kind = type(estimator)
    update_registered_converter(kind, kind.__name__, shape, convert, options=options)
    return estimator
