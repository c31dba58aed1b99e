"""A language model, and the tokenizer with the chat template that belongs to it."""

import json
from dataclasses import dataclass
from typing import Any

from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerFast

from .config import Config
from .library import placed, pretrained, quiet
from .tiny import tiny
from .toolkit.chats import prompting
from .toolkit.chats.tokens import ask, special
from .toolkit.runs import UserError
from .toolkit.tables.split import Splits


@dataclass
class Model:
    """The network, how conversations become what it reads, and what comes before each of them."""

    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    prompt: dict[str, Any] | None = None  # of chats/prompting.py; the tokenizer's template holds it

    @property
    def max_tokens(self) -> int:
        """Return how many tokens of a prompt and its answer are read."""
        return self.tokenizer.model_max_length


def build(config: Config, splits: Splits) -> Model:
    """Return the model that training begins with: the base model."""
    quiet()
    if config.model.name in config.model.OWN:
        network, tokenizer = tiny(config.model, splits.train.inputs)
    else:
        network, tokenizer = pretrained(config.model)
    if config.export.formats and not getattr(network.config, "is_llama", True):
        raise UserError(
            "model.attention mla and model.positions alibi are no Llama's, so nothing can be "
            "exported: set export.formats '[]', or take others."
        )
    tokenizer.model_max_length = config.model.max_tokens
    prompt = prompting.of(config)
    if prompt:
        _begin(tokenizer, prompt)
    pad = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    network.config.pad_token_id = pad
    network.generation_config = GenerationConfig(
        max_new_tokens=config.model.new_tokens,
        do_sample=False,
        pad_token_id=pad,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return Model(placed(network), tokenizer, prompt)


def _begin(tokenizer: PreTrainedTokenizerFast, prompt: dict[str, Any]) -> None:
    """Let the template write the prompt's messages; UserError if they leave too little room."""
    template, limit = str(tokenizer.chat_template), tokenizer.model_max_length
    tokenizer.chat_template = prompting.before(template, prompt["messages"], special(tokenizer))
    length = len(ask(tokenizer, json.dumps([{"role": "user", "content": "?"}])))
    if length > limit // 2:
        raise UserError(
            f"model.prompt: {prompt['file']} takes {length} tokens, which is more than half of "
            f"model.max_tokens ({limit}): shorten it, or raise that."
        )
