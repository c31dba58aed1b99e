"""Language models: pretrained ones by their name or folder, and a tiny one of random weights."""

import io
import warnings
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from tokenizers.trainers import BpeTrainer
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging

from .chats.tokens import messages_of
from .runs import UserError
from .settings.model import Model as Settings

PAD, START, END = SPECIAL = ["<|pad|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = Path(__file__).parent / "chats/template.txt"  # ChatML, for models that have none
HEAD = 32  # numbers that an attention head looks at


def pretrained(settings: Settings) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """Return a model of the hub or of a folder, or of a GGUF file; UserError if it won't do."""
    path = Path(settings.name)
    known: dict[str, Any] = {"revision": settings.revision or "main"}
    name, file = settings.name, {}
    if path.suffix == ".gguf":
        name, file = str(path.parent), {"gguf_file": path.name}
    try:
        with redirect_stderr(io.StringIO()):  # of a GGUF file it shows a bar
            tokenizer: Any = AutoTokenizer.from_pretrained(name, **known, **file)
            network: Any = AutoModelForCausalLM.from_pretrained(
                name, dtype="float32", **known, **file
            )
    except (ImportError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"model.name {settings.name} can't be loaded: {reason}.") from None
    if not tokenizer.is_fast or tokenizer.eos_token_id is None:
        raise UserError(f"model.name {settings.name}: its tokenizer has no end: take another one.")
    if file:
        _forget_origin(network)
    if tokenizer.chat_template is None:
        tokenizer.chat_template = TEMPLATE.read_text(encoding="utf-8")
    longest = getattr(network.config, "max_position_embeddings", settings.max_tokens)
    if settings.max_tokens > longest:
        raise UserError(f"model.max_tokens: {settings.name} reads {longest} at most.")
    return network, tokenizer


def _forget_origin(network: Any) -> None:
    """Let transformers save weights that it has read from a GGUF file: they are plain ones now."""
    network.hf_quantizer = None
    del network.is_quantized, network.quantization_method, network.config.quantization_config


def tiny(
    settings: Settings, inputs: pd.DataFrame
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """Return a small Llama (Touvron et al. 2023) with random weights, and its own tokenizer.

    Positions are rotary, and two heads share their keys and values (grouped-query attention).
    """
    tokenizer = learn(inputs, settings.vocabulary)
    heads = settings.width // HEAD
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.width,
        intermediate_size=settings.width * 8 // 3 // HEAD * HEAD,
        num_hidden_layers=settings.depth,
        num_attention_heads=heads,
        num_key_value_heads=max(1, heads // 2),
        max_position_embeddings=settings.max_tokens,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return LlamaForCausalLM(config), tokenizer


def learn(inputs: pd.DataFrame, size: int) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer (Radford et al. 2019) of the training conversations."""
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
        yield from (message["content"] for message in messages_of(prompt))
        yield answer


def placed(network: PreTrainedModel) -> PreTrainedModel:
    """Return a network that answers: on the GPU, if there is one."""
    if torch.accelerator.is_available():
        network.to(torch.accelerator.current_accelerator())  # type: ignore[arg-type]
    return network.eval()


def quiet() -> None:
    """Keep transformers' hints and its progress bars off the terminal."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
