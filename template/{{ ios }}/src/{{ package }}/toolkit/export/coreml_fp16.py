"""Core ML in half precision, for the Neural Engine: half the size, three digits."""

from pathlib import Path
from typing import Any

import pandas as pd

from ..tables.schema import Schema
from .apple import ct
from .coreml_package import save, translate
from .metric_drop import check as check
from .metric_drop import summary as summary

MIXING = {"linear", "conv", "matmul", "gather", "layer_norm"}  # after these, values are small


def compress(
    model: Any, schema: Schema, folder: Path, threshold: float | None, inputs: pd.DataFrame
) -> None:
    """Write folder/model.mlpackage in float16, except for operations on raw numbers.

    Those may exceed 65,504, the maximum of float16, or lose days of a date to its three digits.
    """
    save(translate(model, schema, ct.transform.FP16ComputePrecision(_is_past_encoding)), folder)


def _is_past_encoding(operation: Any) -> bool:
    """Return whether an operation, or any before it, mixes columns."""
    pending, seen = [operation], set()
    while pending:
        current = pending.pop()
        if current.op_type in MIXING:
            return True
        seen.add(current.name)
        sources = [
            var.op
            for value in current.inputs.values()
            for var in (value if isinstance(value, list | tuple) else [value])
        ]
        pending += [source for source in sources if source is not None and source.name not in seen]
    return False
