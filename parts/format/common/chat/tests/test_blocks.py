"""What a file holds: which matrices get blocks of few bits, and which kind a token is of."""

from pathlib import Path

import numpy as np
from gguf import GGUFReader, TokenType, quants

from my_model import data
from my_model.config import Config
from my_model.formats import gguf, gguf_q4_k_m
from my_model.model import build

LOST = {"Q4_K": 0.1, "Q5_0": 0.05, "Q6_K": 0.03, "Q8_0": 0.01}  # of normal weights


def test_wide_matrices_are_packed_by_ggml(config: Config, tmp_path: Path) -> None:
    """Those that matter most get 6 bits: here the last one, and two of the second layer."""
    splits, packed = data.load(config), dict[str, tuple[str, np.ndarray]]()
    settings = config.model.model_copy(update={"name": "tiny", "width": 256})
    model = build(config.model_copy(update={"model": settings}), splits)
    for name, make in {"16": gguf.convert, "4": gguf_q4_k_m.compress}.items():
        (tmp_path / name).mkdir()
        make(model, splits.schema, tmp_path / name, None, *[splits.train.inputs] * (name == "4"))
        for tensor in GGUFReader(tmp_path / name / "model.gguf").tensors:
            numbers = quants.dequantize(tensor.data, tensor.tensor_type)
            packed[name + tensor.name] = tensor.tensor_type.name, numbers
    more = {"token_embd": "Q6_K", "blk.1.attn_v": "Q6_K"}
    more |= {"blk.0.ffn_down": "Q5_0", "blk.1.ffn_down": "Q8_0"}  # whose rows no 256 divides
    for name, (kind, numbers) in packed.items():
        if name.startswith("4") and numbers.ndim > 1:
            assert kind == more.get(name[1:].removesuffix(".weight"), "Q4_K"), name
            exact = packed["16" + name[1:]][1]
            lost = np.std(numbers - exact) / np.std(exact)
            assert lost < LOST[kind], (name, lost)


def test_added_tokens_stay_whole(config: Config, tmp_path: Path) -> None:
    """Those for a user's own marks are told from special ones, which no answer shows."""
    splits = data.load(config)
    model = build(config, splits)
    model.tokenizer.add_tokens(["<größe>"])
    model.network.resize_token_embeddings(len(model.tokenizer))
    gguf.convert(model, splits.schema, tmp_path, None)
    fields = GGUFReader(tmp_path / "model.gguf").fields
    names, kinds = (
        fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "token_type")
    )
    told = dict(zip(names, kinds, strict=True))
    assert told["<größe>"] == TokenType.USER_DEFINED and told["a"] == TokenType.NORMAL
    assert told["<|im_end|>"] == TokenType.CONTROL
