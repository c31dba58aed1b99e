"""ONNX with 8-bit weights and activations, calibrated on training rows."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from ..tables.schema import Schema
from .feed import describe, feed
from .metric_drop import check as check
from .metric_drop import summary as summary
from .onnx import convert

LAYERS = ["Conv", "Gemm", "MatMul"]  # the rest, such as the encoding of columns, stays exact
ROWS, BATCH = 1000, 50  # for calibrating the ranges of activations


class _Rows(CalibrationDataReader):
    """Training rows, batch by batch."""

    def __init__(self, inputs: pd.DataFrame, schema: Schema) -> None:
        self.batches = _batches(inputs, {"inputs": describe(schema)})

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.batches, None)


def _batches(inputs: pd.DataFrame, contract: Any) -> Iterator[dict[str, np.ndarray]]:
    for start in range(0, len(inputs), BATCH):
        yield feed(inputs.iloc[start : start + BATCH], contract)


def compress(
    model: Any, schema: Schema, folder: Path, threshold: float | None, inputs: pd.DataFrame
) -> None:
    """Write folder/model.onnx with layers in 8 bits: activations unsigned, weights by channel."""
    convert(model, schema, folder, threshold)
    model_path = folder / "model.onnx"
    sample = inputs.sample(min(ROWS, len(inputs)), random_state=0)
    with tempfile.TemporaryDirectory() as scratch:
        prepared = Path(scratch) / "prepared.onnx"
        quant_pre_process(model_path, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            model_path,
            _Rows(sample, schema),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=LAYERS,
            per_channel=True,
            reduce_range=True,  # 7 bits: sums of 8 overflow on CPUs without VNNI
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
