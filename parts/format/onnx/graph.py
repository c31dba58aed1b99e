"""An ONNX graph in the making."""

from typing import Any

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper


class Graph:
    """Nodes and constants as they are added; each gets a name that starts with `prefix`."""

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
        """Append the nodes and constants of a graph whose names are its own."""
        self.nodes.extend(part.node)
        self.constants.extend(part.initializer)

    def constant(self, value: np.ndarray | np.float32) -> str:
        """Store an array and return its name."""
        name = f"{self.prefix}constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name


def free_prefix(prefix: str, taken: list[str]) -> str:
    """Return `prefix`, lengthened until no raw column starts with it."""
    while any(name.startswith(prefix) for name in taken):
        prefix = f"_{prefix}"
    return prefix
