"""ExecuTorch with 8-bit weights and activations, calibrated on training rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from ..tables.schema import Schema
from . import encode, feed
from .metric_drop import check as check
from .metric_drop import summary as summary
from .program import program_of_one, tensors
from .quiet import quietly
from .xnnpack import save

with quietly():
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
        XNNPACKQuantizer,
        get_symmetric_quantization_config,
    )
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

# The rest, such as the encoding of columns, stays exact.
LAYERS = (torch.ops.aten.linear.default, torch.ops.aten.conv2d.default)
ROWS = 300  # for calibrating the ranges of activations


def compress(
    model: Any, schema: Schema, folder: Path, threshold: float | None, inputs: pd.DataFrame
) -> None:
    """Write folder/model.pte with layers in 8 bits: activations by tensor, weights by channel."""
    quantizer, settings = XNNPACKQuantizer(), get_symmetric_quantization_config(is_per_channel=True)
    for layer in LAYERS:
        quantizer.set_operator_type(layer, settings)
    with quietly(), torch.no_grad():
        observed = prepare_pt2e(program_of_one(model).module(), quantizer)
        for row in _rows(model, schema, inputs):
            observed(torch.from_numpy(row[None]))
        quantized = torch.export.export(convert_pt2e(observed), tensors(model, 1))
    save(quantized, folder)


def _rows(model: Any, schema: Schema, inputs: pd.DataFrame) -> np.ndarray:
    """Return a sample of training rows as inputs of the network."""
    sample = inputs.sample(min(ROWS, len(inputs)), random_state=0)
    contract: Any = {"inputs": feed.describe(schema), **encode.describe(model)}
    return encode.encode(sample, contract)
