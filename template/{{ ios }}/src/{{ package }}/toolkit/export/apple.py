"""coremltools, without its warnings about missing Mac libraries and untested versions."""

from typing import Any

from .quiet import quietly

with quietly():
    import coremltools as ct
    import coremltools.optimize.coreml as cto
    from coremltools.converters.mil import register_torch_op

__all__ = ["ct", "cto"]


@register_torch_op
def alias(context: Any, node: Any) -> None:
    """Convert aten.alias, which coremltools 9.0 lacks, to its input."""
    context.add(context[node.inputs[0]], torch_name=node.name)
