"""A language model, and the tokenizer with the chat template that belongs to it."""

from dataclasses import dataclass

from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerFast

from .config import Config
from .data import Splits
from .library import placed, pretrained, quiet
from .tiny import tiny


@dataclass
class Model:
    """The network, and how conversations become what it reads."""

    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast

    @property
    def max_tokens(self) -> int:
        """Return how many tokens of a prompt and its answer are read."""
        return self.tokenizer.model_max_length


def build(config: Config, splits: Splits) -> Model:
    """Return the model that training begins with: the base model."""
    quiet()
    if config.model.name == "tiny":
        network, tokenizer = tiny(config.model, splits.train.inputs)
    else:
        network, tokenizer = pretrained(config.model)
    tokenizer.model_max_length = config.model.max_tokens
    pad = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    network.config.pad_token_id = pad
    network.generation_config = GenerationConfig(
        max_new_tokens=config.model.new_tokens,
        do_sample=False,
        pad_token_id=pad,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return Model(placed(network), tokenizer)
