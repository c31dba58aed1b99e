"""Do the features give the same numbers in an export as in training? Compared before training."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
from onnx import TensorProto, helper

from ..runs import UserError
from ..tables.schema import Schema
from .feed import describe, feed
from .onnx_graph import IR_VERSION, OPSETS, Graph, free_prefix

ROWS = 500  # enough to see gaps and rare levels


def check_features(features: Any, schema: Schema, inputs: pd.DataFrame) -> None:
    """UserError names a feature whose ONNX nodes differ from `transform` on some training rows."""
    rows = inputs.iloc[:: 1 + len(inputs) // ROWS]
    expected, names = features.transform(rows), features.names()
    contract: Any = {"inputs": describe(schema)}
    try:
        (found,) = _session(features, schema).run(None, feed(rows, contract))
    except Exception as error:  # of ONNX, whose messages name no feature
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"features.py: the ONNX nodes can't be run ({reason}).") from error
    if not expected.shape[1] == found.shape[1] == len(names):
        raise UserError(
            f"features.py: transform() makes {expected.shape[1]} features, onnx() "
            f"{found.shape[1]}, names() {len(names)}: write each feature in all three."
        )
    differ = ~np.isclose(found, expected, rtol=1e-6, atol=1e-6, equal_nan=True)
    if differ.any():
        row, column = np.argwhere(differ)[0]
        raise UserError(
            f"features.py: {names[column]!r} is {expected[row, column]:.7g} by transform() and "
            f"{found[row, column]:.7g} by onnx() in row {rows.index[row] + 1}: make both agree."
        )


def _session(features: Any, schema: Schema) -> onnxruntime.InferenceSession:
    graph = Graph(free_prefix("node", [column.name for column in schema.columns]))
    output = f"{graph.prefix}matrix"
    features.onnx(graph, output)
    made = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["rows", None])
    inputs = features.onnx_inputs(schema)
    body = helper.make_graph(graph.nodes, "features", inputs, [made], graph.constants)
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    model = helper.make_model(body, opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options)
