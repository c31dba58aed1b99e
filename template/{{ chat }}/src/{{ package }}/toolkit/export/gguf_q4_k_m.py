"""GGUF with matrices of 4 bits, some of 6, in blocks of 256 whose scales are of few bits too.

Which matrices get more is llama.cpp's choice for Q4_K_M (src/llama-quant.cpp), and the blocks are
filled by ggml's own code, which xllamacpp brings.
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

FEW, MORE = Kind.Q4_K, Kind.Q6_K
PLAIN = {FEW: Kind.Q5_0, MORE: Kind.Q8_0}  # in blocks of 32


def compress(
    model: Any, schema: Schema, folder: Path, threshold: float | None, inputs: pd.DataFrame
) -> None:
    """Write model.gguf; `inputs` are training rows, which need not be looked at."""
    config = model.network.config
    last = "token_embd" if config.tie_word_embeddings else "output"
    packing = partial(_pack, _quantizer(), last, config.num_hidden_layers)
    write(model, folder / FILE, LlamaFileType.MOSTLY_Q4_K_M, packing)


def _quantizer() -> Callable[..., int]:
    """Return ggml_quantize_chunk of ggml.h."""
    (path,) = (p for p in Path(xllamacpp.__file__).parent.iterdir() if p.suffix in (".so", ".pyd"))
    try:
        function = ctypes.CDLL(str(path)).ggml_quantize_chunk
    except (OSError, AttributeError):
        raise UserError("the xllamacpp of this system hides ggml_quantize_chunk") from None
    kinds = (ctypes.c_int, *(ctypes.c_void_p,) * 2, *(ctypes.c_int64,) * 3, ctypes.c_void_p)
    function.argtypes, function.restype = kinds, ctypes.c_size_t
    return function


def _pack(fill: Callable[..., int], last: str, layers: int, name: str, array: np.ndarray) -> Packed:
    """Return a tensor's blocks and their kind; rows that no 256 divides take the next plain one."""
    kind = MORE if _matters(name, last, layers) else FEW
    block, size = quants.GGML_QUANT_SIZES[kind]
    if array.ndim < 2 or array.shape[1] % block:
        return pack(PLAIN[kind], name, array)
    rows, columns = array.shape
    blocks = np.empty((rows, columns // block * size), np.uint8)
    given = np.ascontiguousarray(array, np.float32)
    filled = fill(int(kind), given.ctypes.data, blocks.ctypes.data, 0, rows, columns, None)
    assert filled == blocks.nbytes
    return blocks, kind


def _matters(name: str, last: str, layers: int) -> bool:
    """Say if a matrix is the last one, or a value's or the network's way back where bits help."""
    first, *rest = name.split(".")
    if first != "blk":
        return first == last
    layer, eighth = int(rest[0]), layers // 8
    outer = layer < eighth or layer >= 7 * layers // 8
    return rest[1] in ("attn_v", "ffn_down") and (outer or (layer - eighth) % 3 == 2)
