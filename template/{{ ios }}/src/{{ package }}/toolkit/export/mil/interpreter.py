"""Run a saved Core ML package without a Mac: its program, operation by operation, with NumPy.

This verifies the conversion and the file: the graph, the weights as read back, names and shapes.
It does not verify Apple's kernels, nor their rounding on the Neural Engine.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...runs import UserError
from ..apple import ct
from . import arithmetic, layers, shapes

WEIGHTS = "Data/com.apple.CoreML/weights"
MODULES = (arithmetic, layers, shapes)
KERNELS: dict[str, Callable[..., Any]] = {k: f for m in MODULES for k, f in m.KERNELS.items()}


class Program:
    """A callable from inputs by name to outputs by name; arrays are float32."""

    def __init__(self, package: Path) -> None:
        model = ct.models.MLModel(os.fspath(package), skip_model_load=True)
        spec = model.get_spec()
        load = ct.converters.mil.frontend.milproto.load.load
        program = load(spec, spec.specificationVersion, os.fspath(package / WEIGHTS))
        function = program.functions["main"]
        self.outputs = [output.name for output in function.outputs]
        self.steps = [op for op in function.operations if op.op_type in KERNELS]
        self.constants = {
            op.outputs[0].name: _value(_constant(op))
            for op in function.operations
            if op.op_type.startswith("const")
        }
        names = {op.op_type for op in function.operations if not op.op_type.startswith("const")}
        if unknown := sorted(names - set(KERNELS)):
            raise UserError(
                f"{package.name}: no kernel for the operation {', '.join(unknown)}: add it to "
                "toolkit/export/mil/, or export on a Mac, where Core ML itself runs the package."
            )

    def __call__(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run the program once."""
        values: dict[str, Any] = self.constants | inputs
        for op in self.steps:
            arguments = {
                name: [values[v.name] for v in var]
                if isinstance(var, Sequence)
                else values[var.name]
                for name, var in op.inputs.items()
                if var is not None
            }
            with np.errstate(all="ignore"):  # infinities and missing values are results as well
                results = KERNELS[op.op_type](**arguments)
            results = results if isinstance(results, tuple) else (results,)
            for output, result in zip(op.outputs, results, strict=True):
                values[output.name] = result
        return {name: values[name].astype(np.float32) for name in self.outputs}


def _constant(op: Any) -> Any:
    """Return the value of a constant; compressed weights are unpacked by coremltools."""
    return op.outputs[0].val if op.op_type == "const" else op.materialized_val_inference()


def _value(value: Any) -> Any:
    """Return numbers as an array, and strings unchanged."""
    if isinstance(value, str | bytes):
        return value
    array = np.asarray(value)
    return array.astype(np.int64) if array.dtype.kind in "iu" else array
