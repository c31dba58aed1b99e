"""A language model and its tokenizer with chat template."""

import io
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from .attention import DecoderConfig
from .config import Config
from .decoder import Decoder, register
from .library import pretrained, to_device
from .pretrained import quiet
from .settings.model import Model as Settings
from .templates import add_prompt
from .tiny import sizes, train_tokenizer
from .toolkit.chats import prompting
from .toolkit.chats.tokens import check_template
from .toolkit.tables.split import Splits
from .training import adapter_weights
from .training.examples import Row
from .training.likelihood import collate, losses


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

    @property
    def new_tokens(self) -> int:
        """Return the maximum number of tokens of a generated answer."""
        return self.network.generation_config.max_new_tokens

    @property
    def pad(self) -> int:
        """Return the token that fills up the rows of a batch."""
        return self.network.config.pad_token_id

    @property
    def config(self) -> Any:
        """Return the network's configuration."""
        return self.network.config

    def weights(self) -> dict[str, np.ndarray]:
        """Return the weights, float32, by their names in Transformers."""
        tensors = self.network.state_dict()
        return {name: tensor.float().cpu().numpy() for name, tensor in tensors.items()}

    def losses(self, rows: Sequence[Row]) -> np.ndarray:
        """Return (rows, 2) float32: the sum of the losses of each row's answer, and its tokens."""
        batch = {n: each.to(self.network.device) for n, each in collate(rows, self.pad).items()}
        labels = batch.pop("labels")
        with torch.inference_mode():
            return losses(self.network(**batch).logits, labels).cpu().numpy()

    def generate(self, prompts: Sequence[list[int]]) -> list[list[int]]:
        """Return the tokens of the answer to each prompt, by greedy decoding."""
        batch = _pad_left(prompts, self.pad, self.network.device)
        with torch.inference_mode():
            ids: Tensor = self.network.generate(**batch)  # type: ignore[operator]
        return ids[:, batch["input_ids"].shape[1] :].tolist()

    def probabilities(self, ids: list[int]) -> np.ndarray:
        """Return the probability of each token to follow these, (vocabulary,) float64."""
        with torch.inference_mode():
            logits = self.network(input_ids=torch.tensor([ids]).to(self.network.device)).logits
        return torch.softmax(logits[0, -1].double(), 0).cpu().numpy()

    def reread(self, path: Path) -> "Model":
        """Return the model with the weights of a GGUF file, without the prompt."""
        with redirect_stderr(io.StringIO()):  # a progress bar
            network = AutoModelForCausalLM.from_pretrained(
                path.parent, gguf_file=path.name, dtype="float32"
            )
        network.config.pad_token_id = self.pad  # the file may have none
        return replace(self, network=network.to(self.network.device).eval(), prompt=None)

    @classmethod
    def load(cls, folder: Path, tokenizer: Any, prompt: dict[str, Any] | None) -> "Model":
        """Return the model whose network `save` wrote."""
        register()
        network: Any = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
        return cls(to_device(adapter_weights.load(network, folder)), tokenizer, prompt)

    def save(self, folder: Path) -> None:
        """Write configuration and weights, as Transformers does."""
        adapter_weights.save(self.network, folder)


def build(config: Config, splits: Splits) -> Model:
    """Return the base model, from which training starts."""
    quiet()
    if config.model.name in config.model.OWN:
        tokenizer = train_tokenizer(splits.train.inputs, config.model.vocabulary)
        network = _from_scratch(config.model, tokenizer)
    else:
        network, tokenizer = pretrained(config.model)
        check_template(tokenizer, [*splits.train.inputs["prompt"], *splits.val.inputs["prompt"]])
    tokenizer.model_max_length = config.model.max_tokens
    prompt = prompting.of(config)
    if prompt:
        add_prompt(tokenizer, prompt)
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


def _from_scratch(settings: Settings, tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    """Return a small network with random weights."""
    shape = sizes(settings, tokenizer, settings.attention != "mha")
    if settings.name == "tiny":
        return LlamaForCausalLM(LlamaConfig(**shape))
    own = {"attention": settings.attention, "positions": settings.positions}
    return Decoder(DecoderConfig(**shape, **own))


def _pad_left(rows: Sequence[list[int]], pad: int, device: torch.device) -> dict[str, Tensor]:
    """Return prompts as a batch, padded on the left, since answers are generated on the right."""
    length = max(map(len, rows))
    ids = torch.tensor([[pad] * (length - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (length - len(row)) + [1] * len(row) for row in rows])
    return {"input_ids": ids.to(device), "attention_mask": mask.to(device)}
