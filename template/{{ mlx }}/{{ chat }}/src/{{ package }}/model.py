"""A language model and its tokenizer with chat template."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten
from mlx_lm.generate import BatchGenerator
from safetensors.numpy import save_file
from transformers import (
    GenerationConfig,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
)

from .config import Config
from .library import llama, load_network, pretrained
from .pretrained import quiet
from .templates import add_prompt
from .tiny import sizes, train_tokenizer
from .toolkit.chats import prompting
from .toolkit.chats.tokens import check_template
from .toolkit.export import gguf
from .toolkit.tables.split import Splits
from .training.device import device
from .training.examples import Row, pad
from .training.tuner import losses


@dataclass
class Model:
    """The network, its tokenizer, and the prompt that is prepended to conversations.

    `config` and `generation` are written for other programs, in the format of Transformers.
    """

    network: Any
    tokenizer: PreTrainedTokenizerFast
    prompt: dict[str, Any] | None  # of chats/prompting.py; part of the tokenizer's chat template
    config: PreTrainedConfig
    generation: GenerationConfig

    @property
    def max_tokens(self) -> int:
        """Return the maximum number of tokens of a prompt with its answer."""
        return self.tokenizer.model_max_length

    @property
    def new_tokens(self) -> int:
        """Return the maximum number of tokens of a generated answer."""
        return self.generation.max_new_tokens

    @property
    def pad(self) -> int:
        """Return the token that fills up the rows of a batch."""
        return self.config.pad_token_id

    def weights(self) -> dict[str, np.ndarray]:
        """Return the weights, float32, by their names in Transformers."""
        flat: Any = tree_flatten(self.network.parameters())
        return {name: np.array(array.astype(mx.float32)) for name, array in flat}

    def losses(self, rows: Sequence[Row]) -> np.ndarray:
        """Return (rows, 2) float32: the sum of the losses of each row's answer, and its tokens."""
        ids, labels = pad(rows, self.pad)
        with mx.stream(device("auto")):
            sums = losses(self.network(mx.array(ids[:, :-1])), mx.array(labels[:, 1:]))
            lengths = [len(row) - start for row, start in rows]
            return np.stack([np.array(sums), np.array(lengths, np.float32)], axis=1)

    def generate(self, prompts: Sequence[list[int]]) -> list[list[int]]:
        """Return the tokens of the answer to each prompt, by greedy decoding."""
        place, ends = device("auto"), [[self.tokenizer.eos_token_id]]
        writer = BatchGenerator(self.network, max_tokens=self.new_tokens, stop_tokens=ends)
        with mx.stream(place):
            written: dict[int, list[int]] = {row: [] for row in writer.insert([*prompts])}
            while replies := writer.next_generated():
                for reply in replies:
                    written[reply.uid].append(reply.token)
        writer.close()
        return [*written.values()]

    def probabilities(self, ids: list[int]) -> np.ndarray:
        """Return the probability of each token to follow these, (vocabulary,) float64."""
        with mx.stream(device("auto")):
            logits = np.array(self.network(mx.array([ids]))[0, -1].astype(mx.float32), np.float64)
        weights = np.exp(logits - logits.max())
        return weights / weights.sum()

    def reread(self, path: Path) -> "Model":
        """Return the model with the weights of a GGUF file, without the prompt."""
        network = copy.deepcopy(self.network)
        weights = gguf.read(self, path)
        network.load_weights([(name, mx.array(array)) for name, array in weights.items()])
        return replace(self, network=network, prompt=None)

    @classmethod
    def load(cls, folder: Path, tokenizer: Any, prompt: dict[str, Any] | None) -> "Model":
        """Return the model whose network `save` wrote."""
        network, config = load_network(folder)
        return cls(network, tokenizer, prompt, config, GenerationConfig.from_pretrained(folder))

    def save(self, folder: Path) -> None:
        """Write configuration and weights, as Transformers does."""
        self.config.save_pretrained(folder)
        self.generation.save_pretrained(folder)
        save_file(self.weights(), folder / "model.safetensors", {"format": "pt"})


def build(config: Config, splits: Splits) -> Model:
    """Return the base model, from which training starts."""
    quiet()
    if config.model.name in config.model.OWN:
        tokenizer = train_tokenizer(splits.train.inputs, config.model.vocabulary)
        shape = LlamaConfig(**sizes(config.model, tokenizer), architectures=["LlamaForCausalLM"])
        network, described = llama(shape, config.seed), shape
    else:
        network, described, tokenizer = pretrained(config.model)
        check_template(tokenizer, [*splits.train.inputs["prompt"], *splits.val.inputs["prompt"]])
    tokenizer.model_max_length = config.model.max_tokens
    prompt = prompting.of(config)
    if prompt:
        add_prompt(tokenizer, prompt)
    pad = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    described.pad_token_id = pad
    generation = GenerationConfig(
        max_new_tokens=config.model.new_tokens,
        do_sample=False,
        pad_token_id=pad,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return Model(network, tokenizer, prompt, described, generation)
