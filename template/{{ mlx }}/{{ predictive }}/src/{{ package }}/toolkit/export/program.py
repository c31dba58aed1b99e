"""The network as an ONNX model, from the primitives that MLX traces, one by one."""

from collections.abc import Sequence
from typing import Any

import mlx.core as mx
import numpy as np
from onnx import ModelProto, NodeProto, checker, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from ..runs import UserError
from .encode import example
from .onnx_graph import IR_VERSION, OPSETS

PACKAGES = ("mlx",)  # that convert to ONNX
ROWS = 8191  # a prime, which stands for the number of rows in the shapes of a trace
SAME = "Abs Add Ceil Cos Equal Erf Exp Floor Greater Less Log Sigmoid Sin Tanh"
ELEMENTWISE = {name: [name] for name in SAME.split()} | {
    "Divide": ["Div"],
    "GreaterEqual": ["GreaterOrEqual"],
    "LessEqual": ["LessOrEqual"],
    "LogicalAnd": ["And"],
    "LogicalNot": ["Not"],
    "LogicalOr": ["Or"],
    "Maximum": ["Max"],
    "Minimum": ["Min"],
    "Multiply": ["Mul"],
    "Negative": ["Neg"],
    "NotEqual": ["Equal", "Not"],
    "Power": ["Pow"],
    "Select": ["Where"],
    "Subtract": ["Sub"],
}
RESHAPES = {"ExpandDims", "Flatten", "Reshape", "Squeeze", "Unflatten"}
COPIES = {"Contiguous", "Copy", "StopGradient"}
REDUCTIONS = {2: "ReduceSum", 3: "ReduceProd", 4: "ReduceMin", 5: "ReduceMax"}


def onnx(model: Any) -> ModelProto:
    """Return the network as an ONNX model of one input and one output."""
    network, trace = model.answering(), Trace()
    mx.disable_compile()  # else primitives are fused
    with mx.stream(mx.cpu):
        mx.eval(network.state)
        rows = mx.zeros((ROWS, *example(model, 1).shape[1:]))  # never computed
        mx.export_function(trace.take, network, rows)
    return trace.model()


class Trace:
    """The graph of a network under construction, from what `mx.export_function` reports."""

    def __init__(self) -> None:
        self.inputs: list[Any] = []  # name, shape and type of each
        self.outputs: list[Any] = []
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.narrow: dict[str, str] = {}  # what a broadcast array was made from

    def take(self, event: dict[str, Any]) -> None:
        """Add the inputs, the outputs, the constants or a primitive."""
        match event["type"]:
            case "inputs":
                self.inputs = event["inputs"]
                self.shapes |= {name: tuple(shape) for name, shape, _ in self.inputs}
            case "outputs":
                self.outputs = event["outputs"]
            case "constants":
                self.constants = {name: np.array(value) for name, value in event["constants"]}
                self.shapes |= {name: value.shape for name, value in self.constants.items()}
            case "primitive":
                inputs, outputs = ([v[0] for v in event[key]] for key in ("inputs", "outputs"))
                self.shapes |= {name: tuple(shape) for name, shape, _ in event["outputs"]}
                self._primitive(event["name"], inputs, outputs, event["arguments"])

    def _primitive(self, name: str, inputs: list[str], outputs: list[str], given: Any) -> None:
        output, shape = outputs[0], self.shapes[inputs[0]]
        if name in ELEMENTWISE:
            self._chain(ELEMENTWISE[name], self._broadcast(inputs, output), output)
        elif name in ("Broadcast", "Full"):
            self.narrow[output] = self.narrow.get(inputs[0], inputs[0])
        elif name == "AddMM":
            self._linear(inputs, output, *given)
        else:
            self._layer(name, [self._full(each) for each in inputs], outputs, given, shape)

    def _layer(
        self, name: str, inputs: list[str], outputs: list[str], given: Any, shape: tuple[int, ...]
    ) -> None:
        """Add a primitive that does not broadcast; `shape` is that of its first input."""
        output = outputs[0]
        match name:
            case "AsType":
                self._add("Cast", inputs, outputs, to=_type(given[0]))
            case "Concatenate":
                self._add("Concat", inputs, outputs, axis=given[0])
            case "Convolution":
                self._convolution(inputs, output, *given)
            case "Gather" if given[0] == [0] and len(inputs) == 2:  # of a table of embeddings
                self._add("Gather", inputs, [f"{output}_found"], axis=0)
                self._reshape(f"{output}_found", output)
            case "Matmul":
                self._add("MatMul", inputs, outputs)
            case "Reduce" if given[0] in REDUCTIONS:
                axes = self._constant(given[1], f"{output}_axes")
                self._add(REDUCTIONS[given[0]], [*inputs, axes], outputs)
            case "Slice":
                whole = [(0, size, 1) for size in shape]
                kept = [n for n, cut in enumerate(zip(*given, strict=True)) if cut != whole[n]]
                starts, ends, steps = ([each[n] for n in kept] for each in given)
                parts = {"starts": starts, "ends": ends, "axes": kept, "steps": steps}
                names = [self._constant(each, f"{output}_{key}") for key, each in parts.items()]
                self._add("Slice", [*inputs, *names], outputs)
            case "Softmax":
                self._add("Softmax", inputs, outputs, axis=-1)
            case "Split":
                sizes = [self.shapes[each][given[1]] for each in outputs]
                split = self._constant(sizes, f"{output}_sizes")
                self._add("Split", [*inputs, split], outputs, axis=given[1])
            case "Sqrt":
                self._chain(["Sqrt", "Reciprocal"] if given[0] else ["Sqrt"], inputs, output)
            case "Square":
                self._add("Mul", inputs * 2, outputs)
            case "Transpose":
                self._add("Transpose", inputs, outputs, perm=given[0])
            case _ if name in RESHAPES:
                self._reshape(inputs[0], output)
            case _ if name in COPIES:
                self._add("Identity", inputs, outputs)
            case _:
                raise UserError(
                    f"onnx: networks.py uses MLX's {name} {given}, which has no rule: add one to "
                    "toolkit/export/program.py, or write the network without it."
                )

    def _linear(self, inputs: list[str], output: str, alpha: float, beta: float) -> None:
        """Add a product and a bias, of which quantizers expect one value per column."""
        factors, bias = [self._full(name) for name in inputs[:2]], inputs[2]
        bias = self.narrow.get(bias, bias)
        if len(self.shapes[output]) == 2:
            self._add("Gemm", [*factors, bias], [output], alpha=alpha, beta=beta)
            return
        self._add("MatMul", factors, [f"{output}_product"])
        self._add("Add", [f"{output}_product", bias], [output])

    def _convolution(
        self,
        inputs: list[str],
        output: str,
        strides: list[int],
        low: list[int],
        high: list[int],
        dilations: list[int],
        spread: list[int],
        group: int,
        flip: bool,
    ) -> None:
        """Add a convolution between transpositions: the channels of ONNX are second."""
        if flip or {*spread} != {1}:
            raise UserError("onnx: networks.py uses a transposed convolution, which has no rule.")
        axes, names = [*range(1, len(strides) + 1)], [f"{output}_{part}" for part in "xwy"]
        for source, name in zip(inputs, names, strict=False):
            self._add("Transpose", [source], [name], perm=[0, len(axes) + 1, *axes])
        options = {"strides": strides, "pads": [*low, *high], "dilations": dilations}
        self._add("Conv", names[:2], names[2:], group=group, **options)
        self._add("Transpose", names[2:], [output], perm=[0, *(axis + 1 for axis in axes), 1])

    def _add(self, op: str, inputs: Sequence[str], outputs: Sequence[str], **options: Any) -> None:
        """Add a node, or its values if all of its inputs are constant."""
        node = helper.make_node(op, inputs, outputs, name=f"{outputs[0]}_{op}", **options)
        if not set(inputs) <= self.constants.keys():
            self.nodes.append(node)
            return
        values = ReferenceEvaluator(node).run(None, {name: self.constants[name] for name in inputs})
        self.constants |= dict(zip(outputs, map(np.asarray, values), strict=True))

    def _chain(self, ops: list[str], inputs: Sequence[str], output: str) -> None:
        """Add nodes, each of which takes the output of the one before."""
        for op in ops[:-1]:
            self._add(op, inputs, [f"{output}_{op}"])
            inputs = [f"{output}_{op}"]
        self._add(ops[-1], inputs, [output])

    def _constant(self, values: Sequence[int], name: str) -> str:
        """Store integers and return their name."""
        self.constants[name] = np.array(values, np.int64)
        return name

    def _reshape(self, source: str, output: str) -> None:
        """Add a change of shape; a multiple of ROWS is left to be computed."""
        shape = [-1 if size and size % ROWS == 0 else size for size in self.shapes[output]]
        self._add("Reshape", [source, self._constant(shape, f"{output}_shape")], [output])

    def _broadcast(self, inputs: list[str], output: str) -> list[str]:
        """Return the inputs of an elementwise operator, which broadcasts by itself, as NumPy."""
        sources = [self.narrow.get(name, name) for name in inputs]
        shape = np.broadcast_shapes(*(self.shapes[name] for name in sources))
        return sources if shape == self.shapes[output] else [self._full(name) for name in inputs]

    def _full(self, name: str) -> str:
        """Return an array in the shape that it has in MLX: other operators do not broadcast."""
        if name not in self.narrow:
            return name
        source, shape = self.narrow.pop(name), self.shapes[name]
        sizes = self._constant([1 if size == ROWS else size for size in shape], f"{name}_sizes")
        if ROWS in shape:
            place = self._constant([shape.index(ROWS)], f"{name}_place")
            self._add("Shape", [self.inputs[0][0]], [f"{name}_rows"], start=0, end=1)
            self._add("ScatterElements", [sizes, place, f"{name}_rows"], [f"{name}_wide"])
            sizes = f"{name}_wide"
        self._add("Expand", [source, sizes], [name])
        return name

    def model(self) -> ModelProto:
        """Return the ONNX model."""
        outputs = [(self._full(name), shape, dtype) for name, shape, dtype in self.outputs]
        used = {name for node in self.nodes for name in node.input}
        constants = [
            numpy_helper.from_array(np.ascontiguousarray(value), name)
            for name, value in self.constants.items()
            if name in used
        ]
        inputs, results = (
            [helper.make_tensor_value_info(n, _type(t), ["rows", *s[1:]]) for n, s, t in values]
            for values in (self.inputs, outputs)
        )
        graph = helper.make_graph(self.nodes, "network", inputs, results, constants)
        opsets = [helper.make_opsetid("", OPSETS[""])]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        checker.check_model(model, full_check=True)
        return model


def _type(dtype: Any) -> int:
    return helper.np_dtype_to_tensor_dtype(np.array(mx.array(0, dtype)).dtype)
