"""A network of Keras as a Core ML model."""

from typing import Any

from coremltools.converters.mil import Builder, register_tf_op

from .apple import ct
from .encode import MAX_ROWS, example
from .program import frozen
from .quiet import quietly


@register_tf_op(tf_alias=["IsNan"])
def _is_nan(context: Any, node: Any) -> None:
    """Convert IsNan, which coremltools 9.0 lacks, as it converts that of PyTorch."""
    values = context[node.inputs[0]]
    context.add(node.name, Builder.not_equal(x=values, y=values, name=node.name))


def translate(model: Any, options: dict[str, Any]) -> Any:
    """Return the network as an MLModel; `options` are those of coremltools."""
    shape = (ct.RangeDim(1, MAX_ROWS), *example(model, 1).shape[1:])
    inputs = [ct.TensorType(name="matrix", shape=shape)]
    (output,) = options["outputs"]
    with quietly():
        graph = frozen(model, None, output.name)
        return ct.convert(graph, source="tensorflow", inputs=inputs, **options)
