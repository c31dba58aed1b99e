"""Pretrained language models by name, folder or file."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from .decoder import register
from .loading import check_length, load
from .pretrained import OTHER
from .settings.model import Model as Settings
from .templates import set_template
from .toolkit.runs import UserError


def pretrained(settings: Settings) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """Return a model from the Hub, a folder or a GGUF file; UserError if it is unusable."""
    register()
    network, tokenizer = load(settings, AutoModelForCausalLM, ())
    name = f"model.name {settings.name}"
    if adapter := getattr(network.config, "adapter", None):
        reason = f"was tuned with {adapter['method']}, which is not merged into its weights"
        raise UserError(f"{name}: it {reason}: start from another model.")
    if tokenizer.eos_token_id is None:
        raise UserError(f"{name}: its tokenizer has no end token; {OTHER}.")
    if Path(settings.name).suffix == ".gguf":
        _mark_dequantized(network)
    set_template(name, tokenizer)

    def read(count: int) -> Tensor:
        ids = tokenizer("a " * count, return_tensors="pt")["input_ids"][:, :count]
        return network(input_ids=ids).logits[0]

    check_length(settings, network, tokenizer, read)
    if _reads_ahead(network):
        raise UserError(f"{name}: it reads later tokens too, so it can't write texts; {OTHER}.")
    return network, tokenizer


def _reads_ahead(network: Any) -> bool:
    """Return whether the logits of a token depend on later ones, as in an encoder."""
    ids = torch.arange(8)[None] + torch.tensor([[0], [8]])
    ids[1, :4] = ids[0, :4]
    with torch.inference_mode():
        one, other = network(input_ids=ids).logits[:, :4]
    return bool((one - other).abs().max() > 1e-4 * one.abs().max())


def _mark_dequantized(network: Any) -> None:
    """Let transformers save weights that it read from a GGUF file, which are float32 now."""
    network.hf_quantizer = None
    del network.is_quantized, network.quantization_method, network.config.quantization_config


def to_device(network: PreTrainedModel) -> PreTrainedModel:
    """Return a network in evaluation mode, on the GPU if there is one."""
    if torch.accelerator.is_available():
        network.to(torch.accelerator.current_accelerator())  # type: ignore[arg-type]
    return network.eval()
