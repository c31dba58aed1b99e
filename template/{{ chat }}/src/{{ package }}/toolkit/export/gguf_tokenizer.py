"""Write a byte-level BPE tokenizer and the chat template into a GGUF file."""

import json
from typing import Any

from gguf import GGUFWriter, TokenType
from transformers import PreTrainedConfig, PreTrainedTokenizerFast

from ..runs import UserError


def vocabulary(tokenizer: PreTrainedTokenizerFast) -> tuple[dict[str, Any], str]:
    """Return a tokenizer as JSON, and llama.cpp's name of its pre-tokenizer; UserError if none."""
    fast = json.loads(tokenizer.backend_tokenizer.to_str())
    if fast["model"]["type"] != "BPE" or fast["normalizer"] or not fast["model"]["merges"]:
        raise UserError("its tokenizer is not byte-level BPE")
    return fast, _pre_tokenizer(fast["pre_tokenizer"])


def add_tokenizer(
    writer: GGUFWriter, tokenizer: PreTrainedTokenizerFast, config: PreTrainedConfig
) -> None:
    """Add tokens, merges, special tokens and template; UserError if llama.cpp has no equivalent.

    Whether it tokenizes texts identically is verified with the export.
    """
    fast, kind = vocabulary(tokenizer)
    added = {token["id"]: token["special"] for token in fast["added_tokens"]}
    tokens = dict.fromkeys(range(config.vocab_size), "")
    tokens |= {number: token for token, number in tokenizer.get_vocab().items()}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(kind)
    writer.add_token_list([tokens[n] or f"<|unused {n}|>" for n in range(config.vocab_size)])
    writer.add_token_types([_type(tokens[n], added.get(n)) for n in range(config.vocab_size)])
    writer.add_token_merges([" ".join(pair) for pair in fast["model"]["merges"]])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    if tokenizer.bos_token_id is not None:
        writer.add_bos_token_id(tokenizer.bos_token_id)
    if tokenizer.pad_token_id is not None:
        writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_add_bos_token(False)  # the chat template adds it where needed
    writer.add_chat_template(str(tokenizer.chat_template))


def _type(token: str, special: bool | None) -> TokenType:
    """Return the type of a token; `special` is None unless it is an added token."""
    if not token:
        return TokenType.UNUSED
    kinds = {True: TokenType.CONTROL, False: TokenType.USER_DEFINED, None: TokenType.NORMAL}
    return kinds[special]


def _pre_tokenizer(settings: Any) -> str:
    """Return llama.cpp's name of a pre-tokenizer."""
    if settings is None:
        raise UserError("its tokenizer is not byte-level BPE")
    steps = settings["pretokenizers"] if settings["type"] == "Sequence" else [settings]
    *first, last = steps
    if last["type"] != "ByteLevel" or last["add_prefix_space"]:
        raise UserError("its tokenizer is not byte-level BPE")
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
    raise UserError("its pre-tokenizer is not supported here")
