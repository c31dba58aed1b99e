"""LiteRT with weights of 8 bits; activations are rounded as they come, row by row."""

from pathlib import Path
from typing import Any

import pandas as pd
from ai_edge_quantizer import quantizer, recipe

from ..tables.schema import Schema
from .litert import convert
from .metric_drop import check as check
from .metric_drop import summary as summary
from .quiet import quietly

# Not BATCH_MATMUL, which the runtime refuses where its first factor is the one that is packed.
LAYERS = ["FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D"]


def compress(
    model: Any, schema: Schema, folder: Path, threshold: float | None, inputs: pd.DataFrame
) -> None:
    """Write folder/model.tflite; inputs and outputs stay float32, so that a gap can stay NaN."""
    convert(model, schema, folder, threshold)
    path = str(folder / "model.tflite")
    with quietly():
        smaller = quantizer.Quantizer(path)
        (rule,) = recipe.dynamic_wi8_afp32()
        smaller.load_quantization_recipe([rule | {"operation": layer} for layer in LAYERS])
        smaller.quantize().export_model(path, overwrite=True)
