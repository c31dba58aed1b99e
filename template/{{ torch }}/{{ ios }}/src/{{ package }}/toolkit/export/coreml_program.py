"""A network of PyTorch as a Core ML model."""

from typing import Any

from coremltools.converters.mil import register_torch_op

from .apple import ct
from .program import program
from .quiet import quietly


@register_torch_op(torch_alias=["alias"])
def _alias(context: Any, node: Any) -> None:
    """Convert aten.alias, which coremltools 9.0 lacks, to its input."""
    context.add(context[node.inputs[0]], torch_name=node.name)


def translate(model: Any, options: dict[str, Any]) -> Any:
    """Return the network as an MLModel; `options` are those of coremltools."""
    traced = program(model)
    with quietly():
        try:
            return ct.convert(traced.run_decompositions({}), **options)
        except NotImplementedError:  # an unknown composite operation: decompose it
            return ct.convert(traced.run_decompositions(), **options)
