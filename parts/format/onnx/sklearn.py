"""A fitted Pipeline as one ONNX file: raw columns in, probabilities and label (or values) out."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import GraphProto, TensorProto, ValueInfoProto, compose, helper
from skl2onnx import to_onnx, update_registered_converter
from skl2onnx.common import shape_calculator
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import BaseEstimator, is_classifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ..model import Model
from ..tables.schema import Schema
from .contract import free_name
from .onnx_features import inputs, matrix
from .onnx_graph import Graph, free_prefix
from .onnx_splits import float32_splits

PACKAGES = ("onnx", "onnxruntime", "skl2onnx", "scikit-learn")  # whose versions the contract notes
OPSETS = {"": 18, "ai.onnx.ml": 3}
IR_VERSION = 8  # with these opsets, what runtimes since 2023 read, in browsers too


def convert(model: Model, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.onnx, the same bytes for the same model.

    Inputs are (rows, 1), one for each of `schema.columns`. The first output is float32:
    probabilities (rows, classes), or values (rows,). Classes have a second one, the label (rows,):
    the last one where its probability reaches `threshold`; without a threshold, the most probable.
    """
    names = [column.name for column in schema.columns]
    graph = Graph(free_prefix("node", names))
    features, estimator = model[0], model[1:]
    network = _network(estimator, len(features.names()), graph.prefix)
    matrix(graph, features, network.input[0].name)
    graph.include(network)
    if schema.labels is None:
        outputs = [_values(graph, network.output[0].name, names)]
    else:
        scores = network.output[1].name
        outputs = _classes(graph, scores, names, schema.labels, threshold)
    body = helper.make_graph(graph.nodes, "model", inputs(schema), outputs, graph.constants)
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    whole = helper.make_model(body, opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(whole, full_check=True)
    (folder / "model.onnx").write_bytes(whole.SerializeToString(deterministic=True))


def _values(graph: Graph, scores: str, taken: list[str]) -> ValueInfoProto:
    name = free_name("values", taken)
    graph.add("Reshape", scores, graph.constant(np.array([-1])), output=name)
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows"])


def _classes(
    graph: Graph, scores: str, taken: list[str], labels: list[str], threshold: float | None
) -> list[ValueInfoProto]:
    name, label = free_name("probabilities", taken), free_name("label", taken)
    graph.add("Identity", scores, output=name)
    if threshold is None:
        code = graph.add("ArgMax", scores, axis=1, keepdims=0)
    else:
        positive = graph.add("Gather", scores, graph.constant(np.array(1)), axis=1)
        limit = graph.constant(np.float32(threshold))
        reached = graph.add("GreaterOrEqual", positive, limit)
        code = graph.add("Cast", reached, to=TensorProto.INT64)
    graph.add("Gather", graph.constant(np.array(labels, object)), code, output=label)
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", len(labels)]),
        helper.make_tensor_value_info(label, TensorProto.STRING, ["rows"]),
    ]


def _network(steps: Pipeline, width: int, prefix: str) -> GraphProto:
    """Convert what follows the features; every name starts with `prefix`."""
    *prepare, (name, estimator) = [step for step in steps.steps if step[1] != "passthrough"]
    estimator = float32_splits(estimator)
    _register(estimator)
    # Scaling in float64, as scikit-learn does: in float32, numbers far from zero lose their digits.
    options: dict[Any, dict[str, Any]] = {StandardScaler: {"div": "div_cast"}}
    if is_classifier(estimator):
        options[id(estimator)] = {"zipmap": False}
    network = to_onnx(
        Pipeline([*prepare, (name, estimator)]),
        initial_types=[("matrix", FloatTensorType([None, width]))],
        options=options,
        target_opset=OPSETS,
    )
    return compose.add_prefix(network, f"{prefix}_").graph


def _register(estimator: BaseEstimator) -> None:
    """Tell skl2onnx how to convert estimators from outside scikit-learn."""
    library = type(estimator).__module__.split(".")[0]
    if library == "lightgbm":
        from onnxmltools.convert.lightgbm.operator_converters import LightGbm

        convert_estimator = LightGbm.convert_lightgbm
    elif library == "xgboost":
        from onnxmltools.convert.xgboost.operator_converters import XGBoost

        convert_estimator = XGBoost.convert_xgboost
    else:
        return
    shape = shape_calculator.calculate_linear_regressor_output_shapes
    options: dict[str, list[Any]] = {}
    if is_classifier(estimator):
        shape = shape_calculator.calculate_linear_classifier_output_shapes
        options = {"zipmap": [True, False, "columns"], "nocl": [True, False]}
    kind = type(estimator)
    update_registered_converter(kind, kind.__name__, shape, convert_estimator, options=options)
