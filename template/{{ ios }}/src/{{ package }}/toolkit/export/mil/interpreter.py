"""Run a saved Core ML package without a Mac: its program, operation by operation, with PyTorch.

This proves what was converted and stored: the graph, the weights as read back from the file, names
and shapes. It does not prove Apple's kernels, nor how they round on the Neural Engine.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...runs import UserError
from ..apple import ct
from . import arithmetic, layers, shapes, slices, windows

WEIGHTS = "Data/com.apple.CoreML/weights"
MODULES = (arithmetic, layers, shapes, slices, windows)
KERNELS: dict[str, Callable[..., Any]] = {k: f for m in MODULES for k, f in m.KERNELS.items()}


class Program:
    """Call it with each input by name; it returns each output by name. Arrays are float32."""

    def __init__(self, package: Path) -> None:
        model = ct.models.MLModel(os.fspath(package), skip_model_load=True)
        spec = model.get_spec()
        read = ct.converters.mil.frontend.milproto.load.load
        program = read(spec, spec.specificationVersion, os.fspath(package / WEIGHTS))
        function = program.functions["main"]
        self.outputs = [output.name for output in function.outputs]
        self.steps = [op for op in function.operations if op.op_type in KERNELS]
        self.constants = {
            op.outputs[0].name: _plain(_stored(op))
            for op in function.operations
            if op.op_type.startswith("const")
        }
        names = {op.op_type for op in function.operations if not op.op_type.startswith("const")}
        if lost := sorted(names - set(KERNELS)):
            raise UserError(
                f"{package.name}: no kernel for the operation {', '.join(lost)}: add it to "
                "formats/mil/, or export on a Mac, where Core ML itself runs the package."
            )

    @torch.inference_mode()
    def __call__(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run the program once."""
        values = self.constants | {name: torch.from_numpy(x) for name, x in inputs.items()}
        for op in self.steps:
            arguments = {
                name: [values[v.name] for v in var]
                if isinstance(var, Sequence)
                else values[var.name]
                for name, var in op.inputs.items()
                if var is not None
            }
            results = KERNELS[op.op_type](**arguments)
            results = results if isinstance(results, tuple) else (results,)
            for output, result in zip(op.outputs, results, strict=True):
                values[output.name] = result
        return {name: values[name].float().numpy() for name in self.outputs}


def _stored(op: Any) -> Any:
    """Return the value of a constant; compressed weights are unpacked as coremltools defines it."""
    return op.outputs[0].val if op.op_type == "const" else op.materialized_val_inference()


def _plain(value: Any) -> Any:
    """Return numbers as a tensor, and text as it is."""
    if isinstance(value, str | bytes):
        return value
    array = np.asarray(value)
    if array.dtype.kind in "iu":  # PyTorch indexes with int64, and MIL's widths don't matter here
        array = array.astype(np.int64)
    return torch.from_numpy(array.copy())
