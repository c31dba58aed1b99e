"""Core ML with weights of 8 bits: a quarter of the size; the arithmetic stays as it is."""

from pathlib import Path
from typing import Any

import pandas as pd

from ..tables.schema import Schema
from .apple import ct, cto
from .coreml_package import save, translate
from .metric_drop import check as check
from .metric_drop import summary as summary
from .quiet import quietly

FEWEST = 256  # numbers in a weight that is worth it


def compress(
    model: Any, schema: Schema, folder: Path, threshold: float | None, inputs: pd.DataFrame
) -> None:
    """Write folder/model.mlpackage with a scale for each output channel of each weight."""
    whole = translate(model, schema, ct.precision.FLOAT32)
    linear = cto.OpLinearQuantizerConfig(mode="linear_symmetric", weight_threshold=FEWEST)
    with quietly():
        smaller = cto.linear_quantize_weights(whole, cto.OptimizationConfig(global_config=linear))
    save(smaller, folder)
