"""Counted terms to the values of features, as ONNX nodes: the arithmetic of `features.py`.

No graph splits texts into words as Python does: `texts/tokens.py` does that for both, and the
contract says how.
"""

from typing import Any

import numpy as np
from onnx import TensorProto, ValueInfoProto, helper

from ..features import Features
from ..model import Model
from ..tables.schema import Schema
from ..texts import tokens
from .onnx_graph import Graph

KINDS = {"term": TensorProto.STRING, "count": TensorProto.FLOAT, "row": TensorProto.INT64}


def inputs(schema: Schema) -> list[ValueInfoProto]:
    """Return the inputs that `terms.encode` makes of texts."""
    counted = [helper.make_tensor_value_info(name, KINDS[name], ["terms"]) for name in KINDS]
    return [*counted, helper.make_tensor_value_info("rows", TensorProto.INT64, [1])]


def describe(model: Model) -> dict[str, Any]:
    """Return what the contract says besides: how a text becomes the graph's inputs."""
    return {"tokens": tokens.describe(model)}


def values(graph: Graph, features: Features) -> tuple[str, str]:
    """Add what `features.transform` does; return each term's column, 0 if unknown, and value."""
    code = graph.add(
        "LabelEncoder",
        "term",
        domain="ai.onnx.ml",
        keys_strings=features.names()[1:],
        values_int64s=range(1, len(features.names())),
        default_int64=0,
    )
    idf = graph.add("Gather", graph.constant(np.append(np.float32(0), features.idf_)), code)
    one = graph.constant(np.float32(1))
    value = graph.add("Mul", graph.add("Add", graph.add("Log", "count"), one), idf)
    zero = helper.make_tensor("zero", TensorProto.FLOAT, [1], [0])
    none = graph.add("ConstantOfShape", "rows", value=zero)
    square = graph.add("Mul", value, value)
    squares = graph.add("ScatterElements", none, "row", square, axis=0, reduction="add")
    length = graph.add("Max", graph.add("Sqrt", squares), graph.constant(np.float32(1e-30)))
    return code, graph.add("Div", value, graph.add("Gather", length, "row"))
