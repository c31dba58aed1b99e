"""Thresholds of decision trees in float32, as ONNX has them, without changing a decision."""

import copy
import re

import numpy as np
from sklearn.base import BaseEstimator


def float32_splits(estimator: BaseEstimator) -> BaseEstimator:
    """Return a copy whose thresholds are float32 and which decides alike.

    Features x are float32, so x <= t is x <= the largest float32 not above t; rounding to the
    nearest would send an x between the two the wrong way. XGBoost's thresholds are float32, and
    the converter of random forests does the same as this.
    """
    if hasattr(estimator, "_predictors"):  # HistGradientBoosting
        estimator = copy.deepcopy(estimator)
        for tree in (tree for trees in estimator._predictors for tree in trees):
            tree.nodes["num_threshold"] = _floor(tree.nodes["num_threshold"])
    elif hasattr(estimator, "booster_"):  # LightGBM
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
