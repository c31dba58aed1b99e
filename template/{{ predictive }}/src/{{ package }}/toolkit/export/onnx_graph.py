"""Write the ONNX file of a model: named inputs, the network and the decision."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from ..tables.schema import Schema
from .contract import free_name

OPSETS = {"": 18, "ai.onnx.ml": 3}
IR_VERSION = 8  # readable, like these opsets, by runtimes since 2023, also in browsers


class Graph:
    """A graph under construction; the names of its nodes and constants start with `prefix`."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def add(self, op: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Append a node and return the name of its output."""
        name = f"{self.prefix}{len(self.nodes)}"
        output = output or name
        node = helper.make_node(op, inputs, [output], name=f"{name}_{op}", **attributes)
        self.nodes.append(node)
        return output

    def include(self, part: GraphProto) -> None:
        """Append the nodes and constants of a graph with distinct names."""
        self.nodes.extend(part.node)
        self.constants.extend(part.initializer)

    def constant(self, value: np.ndarray | np.float32) -> str:
        """Store an array and return its name."""
        name = f"{self.prefix}constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name


def write(
    graph: Graph,
    inputs: list[ValueInfoProto],
    scores: str,
    schema: Schema,
    threshold: float | None,
    folder: Path,
) -> None:
    """Write folder/model.onnx, the same bytes for the same graph.

    The first output is float32: probabilities (rows, classes), or values (rows,), from `scores`.
    A classifier has a second output, the label (rows,): the last label if its probability reaches
    `threshold`; without a threshold, the most probable one.
    """
    taken = [value.name for value in inputs]
    if schema.labels is None:
        outputs = [_values(graph, scores, taken)]
    else:
        outputs = _classes(graph, scores, taken, schema.labels, threshold)
    body = helper.make_graph(graph.nodes, "model", inputs, outputs, graph.constants)
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    model = helper.make_model(body, opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))


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


def free_prefix(prefix: str, taken: list[str]) -> str:
    """Return `prefix`, lengthened until no raw column starts with it."""
    while any(name.startswith(prefix) for name in taken):
        prefix = f"_{prefix}"
    return prefix
