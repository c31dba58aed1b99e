"""A fitted Pipeline as one ONNX file: raw columns in, probabilities and label (or values) out."""

from pathlib import Path
from typing import Any

from onnx import GraphProto, ModelProto, compose
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import is_classifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..tables.schema import Schema
from .onnx_graph import OPSETS, Graph, free_prefix, write

PACKAGES = ("onnx", "onnxruntime", "skl2onnx", "scikit-learn")  # whose versions the contract notes


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.onnx; inputs are (rows, 1), one for each of `schema.columns`."""
    graph = Graph(free_prefix("node", [column.name for column in schema.columns]))
    prepare = [step for _, step in model.steps[1:-1] if step != "passthrough"]
    features, width = model[0], len(model[0].names())
    features.onnx(graph, f"{graph.prefix}_matrix")
    scores = []
    for place, estimator in enumerate(model.onnx_estimators()):
        network = _network(prepare, estimator, width, f"{graph.prefix}_{place}")
        graph.add("Identity", f"{graph.prefix}_matrix", output=network.input[0].name)
        graph.include(network)
        scores.append(network.output[-1].name)  # of a classifier, the first one is the label
    mean = graph.add("Mean", *scores) if len(scores) > 1 else scores[0]
    mean = model.onnx_target(graph, mean)
    write(graph, features.onnx_inputs(schema), mean, schema, threshold, folder)


def _network(prepare: list[Any], estimator: Any, width: int, prefix: str) -> GraphProto:
    """Convert what follows the features; every name starts with `prefix`."""
    if isinstance(estimator, ModelProto):
        return compose.add_prefix(estimator, f"{prefix}_").graph
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
