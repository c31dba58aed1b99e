"""The sizes of a small language model, and a tokenizer trained on conversations."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

from .settings.model import Model as Settings
from .templates import TEMPLATE
from .toolkit.chats.tokens import parse_messages

PAD, START, END = SPECIAL = ["<|pad|>", "<|im_start|>", "<|im_end|>"]
HEAD = 32  # dimensions of an attention head


def sizes(
    settings: Settings, tokenizer: PreTrainedTokenizerFast, grouped: bool = True
) -> dict[str, Any]:
    """Return the configuration of a small Llama (Touvron et al. 2023).

    `grouped`: pairs of heads share keys and values, if the number of heads is even.
    """
    heads = settings.width // HEAD
    shared = grouped and heads % 2 == 0
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": settings.width,
        "intermediate_size": settings.width * 8 // 3 // HEAD * HEAD,
        "num_hidden_layers": settings.depth,
        "num_attention_heads": heads,
        "num_key_value_heads": heads // 2 if shared else heads,
        "max_position_embeddings": settings.max_tokens,
        "tie_word_embeddings": True,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.eos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }


def train_tokenizer(inputs: pd.DataFrame, size: int) -> PreTrainedTokenizerFast:
    """Train a byte-level BPE tokenizer (Radford et al. 2019) on the training conversations."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=size,
        special_tokens=[AddedToken(token, special=True) for token in SPECIAL],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(inputs), trainer)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PAD, bos_token=END, eos_token=END
    )
    wrapped.chat_template = TEMPLATE.read_text(encoding="utf-8")
    return wrapped


def _texts(inputs: pd.DataFrame) -> Iterator[str]:
    for prompt, answer in zip(inputs["prompt"], inputs["answer"], strict=True):
        yield from (message["content"] for message in parse_messages(prompt))
        yield answer
