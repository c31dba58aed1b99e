"""LiteRT with 8-bit weights and dynamic quantization of activations."""

from pathlib import Path
from typing import Any

import pandas as pd
from ai_edge_quantizer import quantizer, recipe

from ..tables.schema import Schema
from .litert import convert
from .metric_drop import check as check
from .metric_drop import summary as summary
from .quiet import quietly

# Not BATCH_MATMUL, which the runtime refuses if its first factor is the quantized one.
LAYERS = ["FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D"]


def compress(
    model: Any, schema: Schema, folder: Path, threshold: float | None, inputs: pd.DataFrame
) -> None:
    """Write folder/model.tflite; inputs stay float32, so that a missing value can be NaN."""
    convert(model, schema, folder, threshold)
    path = str(folder / "model.tflite")
    with quietly():
        quantized = quantizer.Quantizer(path)
        (rule,) = recipe.dynamic_wi8_afp32()
        quantized.load_quantization_recipe([rule | {"operation": layer} for layer in LAYERS])
        quantized.quantize().export_model(path, overwrite=True)
