"""The network as a graph without Python, the input of converters."""

from importlib.metadata import packages_distributions
from typing import Any

from onnx import ModelProto, TensorProto

from .encode import example
from .onnx_graph import OPSETS
from .quiet import quietly

with quietly():
    import tensorflow as tf
    import tf2onnx
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

PACKAGES = ("keras", "tf2onnx")  # that convert to ONNX
TENSORFLOW = packages_distributions()["tensorflow"][0]  # the package: tensorflow-cpu on Linux


def function(model: Any, rows: int | None = None, output: str = "output") -> Any:
    """Return a function of float32 `matrix` (rows, ...) to probabilities or values, for inference.

    `rows` None stands for any number; `output` names what it returns, in the graph.
    """
    network = model.answering()
    shape = (rows, *example(model, 1).shape[1:])

    def answer(matrix: tf.Tensor) -> tf.Tensor:
        return tf.identity(network(matrix, training=False), output)

    spec = tf.TensorSpec(shape, tf.float32, name="matrix")
    return tf.function(answer, input_signature=[spec], autograph=False)


def frozen(model: Any, rows: int | None = None, output: str = "output") -> Any:
    """Return `function` as a GraphDef with its weights as constants, for other formats.

    Its nodes are numbered: names of Keras layers count up in a process, and end up in the files.
    """
    traced = function(model, rows, output).get_concrete_function()
    constant = convert_variables_to_constants_v2(traced).graph.as_graph_def()
    with quietly():  # it is deprecated, without a replacement
        graph = tf.compat.v1.graph_util.extract_sub_graph(constant, [output])
    names = {node.name: f"{node.op}{number}" for number, node in enumerate(graph.node)}
    names |= {name: name for name in ("matrix", output)}
    for node in graph.node:
        node.name = names[node.name]
        sources = [source.partition(":") for source in node.input]
        node.input[:] = [names[name] + colon + place for name, colon, place in sources]
    return graph


def onnx(model: Any) -> ModelProto:
    """Return the network as an ONNX model of one input and one output."""
    traced = function(model)
    with quietly():
        converted, _ = tf2onnx.convert.from_function(
            traced, traced.input_signature, opset=OPSETS[""]
        )
    _number(converted)
    return converted


def _number(converted: ModelProto) -> None:
    """Name values and nodes in order of appearance, since the names of tf2onnx never repeat."""
    graph = converted.graph
    names: dict[str, str] = {"": ""}  # an optional input that is left out

    def rename(name: str) -> str:
        return names.setdefault(name, f"value{len(names)}")

    for value in graph.input:
        value.name = rename(value.name)
    for node in graph.node:
        node.input[:] = [*map(rename, node.input)]
        node.output[:] = [*map(rename, node.output)]
        node.name = f"{node.op_type}_{node.output[0]}"
    for value in (*graph.output, *graph.initializer):
        value.name = rename(value.name)
    del graph.value_info[:]
    constants = sorted(graph.initializer, key=lambda each: int(each.name.removeprefix("value")))
    ordered = [TensorProto.FromString(each.SerializeToString()) for each in constants]
    del graph.initializer[:]
    graph.initializer.extend(ordered)
