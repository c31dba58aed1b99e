"""Core ML in half precision, which the Neural Engine wants: half the size, three digits."""

from pathlib import Path
from typing import Any

import pandas as pd

from ..tables.schema import Schema
from .apple import ct
from .coreml_package import save, translate
from .metric_drop import check as check
from .metric_drop import summary as summary

MIXING = {"linear", "conv", "matmul", "gather", "layer_norm"}  # after these, numbers are small


def compress(
    model: Any, schema: Schema, folder: Path, threshold: float | None, inputs: pd.DataFrame
) -> None:
    """Write folder/model.mlpackage in float16, but for what is done with raw numbers.

    Those may exceed float16's 65,504, or lose days of a date to its three digits.
    """
    save(translate(model, schema, ct.transform.FP16ComputePrecision(_is_past_encoding)), folder)


def _is_past_encoding(operation: Any) -> bool:
    """Tell whether an operation, or any before it, mixes columns."""
    waiting, seen = [operation], set()
    while waiting:
        now = waiting.pop()
        if now.op_type in MIXING:
            return True
        seen.add(now.name)
        sources = [
            var.op
            for value in now.inputs.values()
            for var in (value if isinstance(value, list | tuple) else [value])
        ]
        waiting += [source for source in sources if source is not None and source.name not in seen]
    return False
