"""ONNX with 8-bit weights; the ranges of activations are determined at inference."""

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
    """Write folder/model.onnx with per-channel 8-bit weights; needs no calibration rows."""
    convert(model, schema, folder, threshold)
    path = folder / "model.onnx"
    with quietly():  # it recommends preprocessing, which has no benefit here
        quantize_dynamic(
            path,
            path,
            per_channel=True,
            reduce_range=True,  # to 7 bits: with 8, sums overflow on CPUs without VNNI
            weight_type=QuantType.QInt8,
        )
