"""coremltools, without its remarks on what only a Mac has and on versions that Apple didn't try."""

from typing import Any

from .quiet import quietly

with quietly():
    import coremltools as ct
    import coremltools.optimize.coreml as cto
    from coremltools.converters.mil import register_torch_op

__all__ = ["ct", "cto"]


@register_torch_op
def alias(context: Any, node: Any) -> None:
    """Let a tensor that is another one's alias stand for itself: coremltools 9.0 lacks it."""
    context.add(context[node.inputs[0]], torch_name=node.name)
