"""Core ML with 8-bit weights: a quarter of the size; the arithmetic stays float32."""

from pathlib import Path
from typing import Any

import pandas as pd

from ..tables.schema import Schema
from .apple import ct, cto
from .coreml_package import save, translate
from .metric_drop import check as check
from .metric_drop import summary as summary
from .quiet import quietly

MIN_SIZE = 256  # of a weight that is quantized


def compress(
    model: Any, schema: Schema, folder: Path, threshold: float | None, inputs: pd.DataFrame
) -> None:
    """Write folder/model.mlpackage with a scale for each output channel of each weight."""
    original = translate(model, schema, ct.precision.FLOAT32)
    linear = cto.OpLinearQuantizerConfig(mode="linear_symmetric", weight_threshold=MIN_SIZE)
    with quietly():
        quantized = cto.linear_quantize_weights(
            original, cto.OptimizationConfig(global_config=linear)
        )
    save(quantized, folder)
