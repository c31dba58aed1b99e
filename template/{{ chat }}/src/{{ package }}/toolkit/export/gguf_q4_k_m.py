"""GGUF with 4-bit matrices, some of 6 bits, in blocks of 256 with quantized scales (Q4_K_M).

Which matrices get 6 bits follows llama.cpp (src/llama-quant.cpp); the blocks are quantized by
ggml, a part of xllamacpp.
"""

import ctypes
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xllamacpp
from gguf import GGMLQuantizationType as Kind
from gguf import LlamaFileType, quants

from ..runs import UserError
from ..tables.schema import Schema
from .gguf import FILE, Packed, pack, write
from .metric_drop import check as check
from .metric_drop import summary as summary

FOUR_BITS, SIX_BITS = Kind.Q4_K, Kind.Q6_K
FALLBACK = {FOUR_BITS: Kind.Q5_0, SIX_BITS: Kind.Q8_0}  # in blocks of 32


def compress(
    model: Any, schema: Schema, folder: Path, threshold: float | None, inputs: pd.DataFrame
) -> None:
    """Write model.gguf; `inputs` are training rows, which are not needed."""
    config = model.config
    last = "token_embd" if config.tie_word_embeddings else "output"
    quantize = partial(_pack, _quantizer(), last, config.num_hidden_layers)
    write(model, folder / FILE, LlamaFileType.MOSTLY_Q4_K_M, quantize)


def _quantizer() -> Callable[..., int]:
    """Return ggml_quantize_chunk of ggml.h."""
    (path,) = (p for p in Path(xllamacpp.__file__).parent.iterdir() if p.suffix in (".so", ".pyd"))
    try:
        function = ctypes.CDLL(str(path)).ggml_quantize_chunk
    except (OSError, AttributeError):
        raise UserError("xllamacpp does not export ggml_quantize_chunk on this system") from None
    types = (ctypes.c_int, *(ctypes.c_void_p,) * 2, *(ctypes.c_int64,) * 3, ctypes.c_void_p)
    function.argtypes, function.restype = types, ctypes.c_size_t
    return function


def _pack(
    quantize: Callable[..., int], last: str, layers: int, name: str, array: np.ndarray
) -> Packed:
    """Return a tensor's blocks and their kind; if 256 does not divide rows, in blocks of 32."""
    kind = SIX_BITS if _is_sensitive(name, last, layers) else FOUR_BITS
    block, size = quants.GGML_QUANT_SIZES[kind]
    if array.ndim < 2 or array.shape[1] % block:
        return pack(FALLBACK[kind], name, array)
    rows, columns = array.shape
    blocks = np.empty((rows, columns // block * size), np.uint8)
    values = np.ascontiguousarray(array, np.float32)
    written = quantize(int(kind), values.ctypes.data, blocks.ctypes.data, 0, rows, columns, None)
    assert written == blocks.nbytes
    return blocks, kind


def _is_sensitive(name: str, last: str, layers: int) -> bool:
    """Return whether a matrix is the output, or a value or down projection that needs more bits."""
    first, *rest = name.split(".")
    if first != "blk":
        return first == last
    layer, eighth = int(rest[0]), layers // 8
    outer = layer < eighth or layer >= 7 * layers // 8
    return rest[1] in ("attn_v", "ffn_down") and (outer or (layer - eighth) % 3 == 2)
