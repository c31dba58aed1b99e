"""Export a Llama as one GGUF file for llama.cpp: weights, tokenizer and chat template.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; `gguf` is ggml's library.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from gguf import MODEL_ARCH, GGUFReader, GGUFWriter, LlamaFileType, get_tensor_name_map, quants
from gguf import GGMLQuantizationType as Kind
from transformers import LlamaConfig

from ..chats.tokens import special
from ..runs import UserError
from ..tables.schema import Schema
from .gguf_tokenizer import add_tokenizer, vocabulary

PACKAGES = ("gguf", "transformers")
FILE = "model.gguf"
Packed = tuple[np.ndarray, Kind]  # bytes and their type


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None) -> None:
    """Write model.gguf with float16 matrices; UserError if the model is not a Llama."""
    write(model, folder / FILE, LlamaFileType.MOSTLY_F16, partial(pack, Kind.F16))


def check(model: Any) -> None:
    """Raise UserError if the model is not a Llama, or llama.cpp has no such tokenizer."""
    _tensor_names(model.weights(), _llama_config(model.config))
    vocabulary(model.tokenizer)


def write(
    model: Any, path: Path, kind: LlamaFileType, packing: Callable[[str, np.ndarray], Packed]
) -> None:
    """Write a model; `packing` quantizes a float32 tensor, given its name in GGUF."""
    config, tensors = _llama_config(model.config), model.weights()
    writer = GGUFWriter(path, "llama")
    _describe(writer, config, kind)
    add_tokenizer(writer, model.tokenizer, config)
    for name, gguf_name in _tensor_names(tensors, config).items():
        packed, dtype = packing(gguf_name, _permute(name, tensors[name], config))
        writer.add_tensor(gguf_name, packed, raw_dtype=dtype)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read(model: Any, path: Path) -> dict[str, np.ndarray]:
    """Return the weights of a file, float32, by their names in the model that it was made of."""
    config = _llama_config(model.config)
    names, tensors = _tensor_names(model.weights(), config), GGUFReader(path).tensors
    found = {each.name: quants.dequantize(each.data, each.tensor_type) for each in tensors}
    return {name: _permute(name, found[known], config, back=True) for name, known in names.items()}


def pack(kind: Kind, name: str, array: np.ndarray) -> Packed:
    """Quantize a matrix to `kind`; vectors, and rows of incomplete blocks, stay float32."""
    fits = array.ndim > 1 and array.shape[-1] % quants.GGML_QUANT_SIZES[kind][0] == 0
    dtype = kind if fits else Kind.F32
    return quants.quantize(array, dtype), dtype


def _tensor_names(tensors: Iterable[str], config: LlamaConfig) -> dict[str, str]:
    """Return the name in GGUF of each tensor; tied ones are stored once."""
    known, names = get_tensor_name_map(MODEL_ARCH.LLAMA, config.num_hidden_layers), {}
    for name in tensors:
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        if (gguf_name := known.get_name(name, (".weight", ".bias"))) is None:
            raise UserError(f"the weights {name} have no name in GGUF")
        names[name] = gguf_name
    return names


def _llama_config(config: Any) -> LlamaConfig:
    """Return the configuration of a Llama, or of a decoder that computes the same."""
    if not isinstance(config, LlamaConfig) and not getattr(config, "is_llama", False):
        raise UserError(f"{config.model_type} can't be exported as GGUF here, only Llama can")
    if hasattr(config, "adapter"):
        raise UserError(f"{config.adapter['method']} can't be merged into the weights")
    llama = config if isinstance(config, LlamaConfig) else LlamaConfig.from_dict(config.to_dict())
    if (kind := dict(llama.rope_parameters or {})["rope_type"]) != "default":
        raise UserError(f"rope_type {kind} can't be exported as GGUF here")
    return llama


def _describe(writer: GGUFWriter, config: LlamaConfig, kind: LlamaFileType) -> None:
    heads, rope = config.num_attention_heads, dict[str, Any](config.rope_parameters or {})
    size = config.head_dim or config.hidden_size // heads
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.num_key_value_heads or heads)
    writer.add_key_length(size)
    writer.add_value_length(size)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(size)
    writer.add_rope_freq_base(rope["rope_theta"])
    writer.add_vocab_size(config.vocab_size)
    writer.add_file_type(kind)


def _permute(name: str, array: np.ndarray, config: LlamaConfig, back: bool = False) -> np.ndarray:
    """Interleave the rows of queries and keys, as llama.cpp's rotary embeddings expect, or back."""
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    count = next((heads[part] for part in heads if part in name), None)
    if count is None:
        return array
    half = len(array) // count // 2
    parts = array.reshape(count, *((half, 2) if back else (2, half)), -1)
    return np.ascontiguousarray(parts.swapaxes(1, 2).reshape(array.shape))


def describe(model: Any) -> dict[str, Any]:
    """Return the contract's description of how conversations become tokens, and back."""
    tokenizer = model.tokenizer
    first = tokenizer.bos_token_id
    return {
        "tokens": {
            "max_tokens": model.max_tokens,
            "new_tokens": model.new_tokens,
            "first": tokenizer.eos_token_id if first is None else first,
            "special": special(tokenizer),
            "prompt": model.prompt,
            "inputs": {
                "messages": "role and content of each turn; the file contains the chat template"
            },
        }
    }
