"""A fitted Pipeline as one ONNX file: raw columns in, probabilities and label (or values) out."""

from pathlib import Path
from typing import Any

from onnx import GraphProto, ModelProto, compose
from skl2onnx import to_onnx, update_registered_converter
from skl2onnx.common import shape_calculator
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import BaseEstimator, is_classifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..bag import members
from ..tables.schema import Schema
from .onnx_graph import OPSETS, Graph, free_prefix, write
from .onnx_splits import float32_splits

PACKAGES = ("onnx", "onnxruntime", "skl2onnx", "scikit-learn")  # whose versions the contract notes


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.onnx; inputs are (rows, 1), one for each of `schema.columns`."""
    graph = Graph(free_prefix("node", [column.name for column in schema.columns]))
    *prepare, estimator = [step for _, step in model.steps[1:] if step != "passthrough"]
    features, width = model[0], len(model[0].names())
    features.onnx(graph, f"{graph.prefix}_matrix")
    scores = []
    for place, member in enumerate(members(estimator)):
        network = _network(prepare, member, width, f"{graph.prefix}_{place}")
        graph.add("Identity", f"{graph.prefix}_matrix", output=network.input[0].name)
        graph.include(network)
        scores.append(network.output[-1].name)  # of a classifier, the first one is the label
    mean = graph.add("Mean", *scores) if len(scores) > 1 else scores[0]
    write(graph, features.onnx_inputs(schema), mean, schema, threshold, folder)


def _network(prepare: list[Any], estimator: Any, width: int, prefix: str) -> GraphProto:
    """Convert what follows the features; every name starts with `prefix`."""
    if hasattr(estimator, "get_metadata"):
        return compose.add_prefix(_catboost(estimator), f"{prefix}_").graph
    estimator = float32_splits(estimator)
    _register(estimator)
    # Scaling in float64, as scikit-learn does: in float32, numbers far from zero lose their digits.
    options: dict[Any, dict[str, Any]] = {StandardScaler: {"div": "div_cast"}}
    if is_classifier(estimator):
        options[id(estimator)] = {"zipmap": False}
    network = to_onnx(
        make_pipeline(*prepare, estimator),
        initial_types=[("matrix", FloatTensorType([None, width]))],
        options=options,
        target_opset=OPSETS,
    )
    return compose.add_prefix(network, f"{prefix}_").graph


def _catboost(estimator: BaseEstimator) -> ModelProto:
    """Return the network that CatBoost writes itself, with its scores as the last output."""
    from catboost.utils import convert_to_onnx_object

    model = convert_to_onnx_object(estimator)
    nodes = [
        node for node in model.graph.node if node.op_type != "ZipMap"
    ]  # a list of dictionaries
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.output[-1].name = nodes[-1].output[-1]
    return model


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
