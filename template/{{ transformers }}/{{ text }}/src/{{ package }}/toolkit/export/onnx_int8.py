"""ONNX with weights of 8 bits; the range of activations is taken anew from each text."""

from pathlib import Path
from typing import Any

import pandas as pd
from onnxruntime.quantization import QuantType, quantize_dynamic

from ..tables.schema import Schema
from .metric_drop import check as check
from .metric_drop import summary as summary
from .onnx import convert
from .quiet import quietly


def compress(
    model: Any, schema: Schema, folder: Path, threshold: float | None, inputs: pd.DataFrame
) -> None:
    """Write folder/model.onnx with layers and embeddings in 8 bits, by channel; no rows needed."""
    convert(model, schema, folder, threshold)
    whole = folder / "model.onnx"
    with quietly():  # it would have the graph prepared, which gains nothing here
        quantize_dynamic(
            whole,
            whole,
            per_channel=True,
            reduce_range=True,  # 7 bits: sums of 8 overflow on CPUs without VNNI
            weight_type=QuantType.QInt8,
        )
