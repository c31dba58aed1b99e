"""GGUF with 8-bit matrices, in blocks of 32 with a scale each (Q8_0)."""

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from gguf import GGMLQuantizationType as Kind
from gguf import LlamaFileType

from ..tables.schema import Schema
from .gguf import FILE, pack, write
from .metric_drop import check as check
from .metric_drop import summary as summary


def compress(
    model: Any, schema: Schema, folder: Path, threshold: float | None, inputs: pd.DataFrame
) -> None:
    """Write model.gguf; `inputs` are training rows, which are not needed."""
    write(model, folder / FILE, LlamaFileType.MOSTLY_Q8_0, partial(pack, Kind.Q8_0))
