"""Raw columns to the feature matrix, as ONNX nodes: `features.py` in graph form, bit for bit."""

import numpy as np
from onnx import TensorProto, ValueInfoProto, helper

from ..features import YEAR, Features
from ..tables.schema import Schema
from .onnx_graph import Graph


def inputs(schema: Schema) -> list[ValueInfoProto]:
    """Return one (rows, 1) input for each raw column, under the column's own name."""
    kinds = {"category": TensorProto.STRING}
    return [
        helper.make_tensor_value_info(c.name, kinds.get(c.kind, TensorProto.FLOAT), ["rows", 1])
        for c in schema.columns
    ]


def matrix(graph: Graph, features: Features, output: str) -> None:
    """Add what `features.transform` does: raw columns to float32 (rows, features) `output`."""
    parts = list(features.numbers)
    for name in features.dates:
        parts += [name, _yearday(graph, name), _weekday(graph, name)]
    for name in features.gappy:
        parts.append(graph.add("Cast", graph.add("IsNaN", name), to=TensorProto.FLOAT))
    for name, levels in zip(features.categories, features.levels_, strict=True):
        parts.append(_codes(graph, name, levels))
    graph.add("Concat", *parts, output=output, axis=1)


def _yearday(graph: Graph, days: str) -> str:
    return _modulo(graph, days, YEAR)


def _weekday(graph: Graph, days: str) -> str:
    shifted = graph.add("Add", graph.add("Floor", days), graph.constant(np.float32(3)))
    return _modulo(graph, shifted, np.float32(7))


def _modulo(graph: Graph, value: str, by: np.float32) -> str:
    """Not ONNX's Mod: of floats it takes the sign of the dividend, wrong before 1970."""
    step = graph.constant(by)
    whole = graph.add("Mul", graph.add("Floor", graph.add("Div", value, step)), step)
    return graph.add("Sub", value, whole)


def _codes(graph: Graph, name: str, levels: list[str]) -> str:
    # A table must not be empty: without any frequent level, one of code 0 stands in.
    codes = range(1, len(levels) + 1) if levels else [0]
    return graph.add(
        "LabelEncoder",
        name,
        domain="ai.onnx.ml",
        keys_strings=levels or [""],
        values_floats=[float(code) for code in codes],
        default_float=0.0,
    )
