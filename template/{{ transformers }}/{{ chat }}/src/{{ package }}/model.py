"""A language model and its tokenizer with chat template."""

import json
from dataclasses import dataclass
from typing import Any

from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerFast

from .config import Config
from .library import pretrained, to_device
from .loading import quiet
from .tiny import tiny
from .toolkit.chats import prompting
from .toolkit.chats.tokens import check_template, encode_prompt, special
from .toolkit.runs import UserError
from .toolkit.tables.split import Splits


@dataclass
class Model:
    """The network, its tokenizer, and the prompt that is prepended to conversations."""

    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    prompt: dict[str, Any] | None = (
        None  # of chats/prompting.py; part of the tokenizer's chat template
    )

    @property
    def max_tokens(self) -> int:
        """Return the maximum number of tokens of a prompt with its answer."""
        return self.tokenizer.model_max_length


def build(config: Config, splits: Splits) -> Model:
    """Return the base model, from which training starts."""
    quiet()
    if config.model.name in config.model.OWN:
        network, tokenizer = tiny(config.model, splits.train.inputs)
    else:
        network, tokenizer = pretrained(config.model)
        check_template(tokenizer, [*splits.train.inputs["prompt"], *splits.val.inputs["prompt"]])
    tokenizer.model_max_length = config.model.max_tokens
    prompt = prompting.of(config)
    if prompt:
        _add_prompt(tokenizer, prompt)
    pad = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    network.config.pad_token_id = pad
    network.generation_config = GenerationConfig(
        max_new_tokens=config.model.new_tokens,
        do_sample=False,
        pad_token_id=pad,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return Model(to_device(network), tokenizer, prompt)


def _add_prompt(tokenizer: PreTrainedTokenizerFast, prompt: dict[str, Any]) -> None:
    """Add the prompt's messages to the chat template; UserError if they are too long."""
    template, limit = str(tokenizer.chat_template), tokenizer.model_max_length
    tokenizer.chat_template = prompting.before(template, prompt["messages"], special(tokenizer))
    length = len(encode_prompt(tokenizer, json.dumps([{"role": "user", "content": "?"}])))
    if length > limit // 2:
        raise UserError(
            f"model.prompt: {prompt['file']} takes {length} tokens, which is more than half of "
            f"model.max_tokens ({limit}): shorten it, or raise model.max_tokens."
        )
