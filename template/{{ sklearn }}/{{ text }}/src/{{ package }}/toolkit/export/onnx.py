"""A fitted Pipeline as one ONNX file: counted terms in, probabilities and label out.

All estimators are linear, so the graph adds up the weights of the terms that a text holds: no
matrix with a column for each term is ever made.
"""

from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.naive_bayes import ComplementNB

from ..tables.schema import Schema
from ..texts import tokens
from .onnx_graph import Graph, write

PACKAGES = ("onnx", "onnxruntime", "scikit-learn")  # whose versions the contract notes


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.onnx; `texts/tokens.py` makes its inputs of texts."""
    features, estimator = model
    graph = Graph("node")
    code, value = features.onnx(graph)
    weights, intercepts = _weights(estimator)
    scores = _sums(graph, code, value, weights.astype(np.float32))
    scores = graph.add("Add", scores, graph.constant(intercepts.astype(np.float32)))
    if weights.shape[1] == 1:  # of two classes the first one's score is 0
        scores = graph.add("Pad", scores, graph.constant(np.array([0, 1, 0, 0])))
    if isinstance(estimator, CalibratedClassifierCV) and weights.shape[1] > 2:
        each = graph.add("Sigmoid", scores)
        total = graph.add("ReduceSum", each, graph.constant(np.array([1])), keepdims=1)
        probabilities = graph.add("Div", each, total)
    else:
        probabilities = graph.add("Softmax", scores, axis=1)
    write(graph, features.onnx_inputs(schema), probabilities, schema, threshold, folder)


def accompany(model: Any, folder: Path) -> None:
    """Write the terms that the model knows; clients need not send any other."""
    text = model[0].terms_
    (folder / tokens.FILE).write_text(text, encoding="utf-8", newline="\n")


def describe(model: Any) -> dict[str, Any]:
    """Return what the contract says besides: how a text becomes the graph's inputs."""
    return {"tokens": tokens.describe(model)}


def _weights(estimator: BaseEstimator) -> tuple[np.ndarray, np.ndarray]:
    """Return (terms, scores) weights and (scores,) intercepts; of two classes, one score or two."""
    if isinstance(estimator, ComplementNB):
        weights = estimator.feature_log_prob_.T  # a softmax sees differences alone: keep them small
        return weights - weights.mean(axis=1, keepdims=True), np.zeros(weights.shape[1])
    if not isinstance(estimator, CalibratedClassifierCV):
        return estimator.coef_.T, estimator.intercept_
    (calibrated,) = estimator.calibrated_classifiers_
    machine, sigmoids = calibrated.estimator, calibrated.calibrators
    slopes, shifts = (np.array([getattr(s, name) for s in sigmoids]) for name in ("a_", "b_"))
    return -slopes * machine.coef_.T, -slopes * machine.intercept_ - shifts


def _sums(graph: Graph, code: str, value: str, weights: np.ndarray) -> str:
    """Add up the weighted values of each text: (rows, scores)."""
    last = graph.constant(np.array([1]))
    parts = graph.add("Gather", graph.constant(weights), code)
    parts = graph.add("Mul", parts, graph.add("Unsqueeze", value, last))
    places = graph.add("Expand", graph.add("Unsqueeze", "row", last), graph.add("Shape", parts))
    width = graph.constant(np.array([weights.shape[1]]))
    zero = helper.make_tensor("zero", TensorProto.FLOAT, [1], [0])
    none = graph.add("ConstantOfShape", graph.add("Concat", "rows", width, axis=0), value=zero)
    return graph.add("ScatterElements", none, places, parts, axis=0, reduction="add")
