"""Write a byte-level BPE tokenizer and the chat template into a GGUF file."""

import json
from typing import Any

from gguf import GGUFWriter, TokenType
from transformers import PreTrainedConfig, PreTrainedTokenizerFast

from ..runs import UserError


def add_tokenizer(
    writer: GGUFWriter, tokenizer: PreTrainedTokenizerFast, config: PreTrainedConfig
) -> None:
    """Add tokens, merges, special tokens and template; UserError if llama.cpp has no such one.

    That it makes the same tokens of texts is checked when the export is.
    """
    told = json.loads(tokenizer.backend_tokenizer.to_str())
    if told["model"]["type"] != "BPE" or told["normalizer"] or not told["model"]["merges"]:
        raise UserError("its tokenizer is no byte-level BPE")
    added = {token["id"]: token["special"] for token in told["added_tokens"]}
    tokens = dict.fromkeys(range(config.vocab_size), "")
    tokens |= {number: token for token, number in tokenizer.get_vocab().items()}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_splits(told["pre_tokenizer"]))
    writer.add_token_list([tokens[n] or f"<|unused {n}|>" for n in range(config.vocab_size)])
    writer.add_token_types([_type(tokens[n], added.get(n)) for n in range(config.vocab_size)])
    writer.add_token_merges([" ".join(pair) for pair in told["model"]["merges"]])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    if tokenizer.bos_token_id is not None:
        writer.add_bos_token_id(tokenizer.bos_token_id)
    if tokenizer.pad_token_id is not None:
        writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_add_bos_token(False)  # where one is wanted, the template writes it
    writer.add_chat_template(str(tokenizer.chat_template))


def _type(token: str, special: bool | None) -> TokenType:
    """Return the type of a token; `special` is None unless it was added to those of the model."""
    if not token:
        return TokenType.UNUSED
    kinds = {True: TokenType.CONTROL, False: TokenType.USER_DEFINED, None: TokenType.NORMAL}
    return kinds[special]


def _splits(told: Any) -> str:
    """Return llama.cpp's name for how texts are split before pairs are merged."""
    steps = told["pretokenizers"] if told["type"] == "Sequence" else [told]
    *first, last = steps
    if last["type"] != "ByteLevel" or last["add_prefix_space"]:
        raise UserError("its tokenizer is no byte-level BPE")
    if not first and last["use_regex"]:
        return "gpt-2"
    if [step["type"] for step in first] == ["Digits"] and last["use_regex"]:
        return "smollm"
    if [step["type"] for step in first] == ["Split"] and not last["use_regex"]:
        pattern = first[0]["pattern"].get("Regex", "")
        if r"\p{N}{1,3}" in pattern:
            return "llama-bpe"
        if r"\p{N}|" in pattern:
            return "qwen2"
    raise UserError("its tokenizer splits texts in a way that is not known here")
