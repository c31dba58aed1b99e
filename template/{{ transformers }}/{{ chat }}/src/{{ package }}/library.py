"""Pretrained language models by name, folder or file."""

import io
import warnings
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging

from .decoder import register
from .settings.model import Model as Settings
from .toolkit.runs import UserError

TEMPLATE = Path(__file__).parent / "toolkit/chats/template.txt"  # ChatML, for models that have none


def pretrained(settings: Settings) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """Return a model from the Hub, a folder or a GGUF file; UserError if it is unusable."""
    path = Path(settings.name)
    options: dict[str, Any] = {"revision": settings.revision or "main"}
    name, file = settings.name, {}
    if path.suffix == ".gguf":
        name, file = str(path.parent), {"gguf_file": path.name}
    register()
    try:
        with redirect_stderr(io.StringIO()):  # hides the progress bar of a GGUF file
            tokenizer: Any = AutoTokenizer.from_pretrained(name, **options, **file)
            network: Any = AutoModelForCausalLM.from_pretrained(
                name, dtype="float32", **options, **file
            )
    except (ImportError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"model.name {settings.name} can't be loaded: {reason}.") from None
    if adapter := getattr(network.config, "adapter", None):
        reason = f"was tuned with {adapter['method']}, which is not merged into its weights"
        raise UserError(f"model.name {settings.name}: it {reason}: start from another model.")
    if not tokenizer.is_fast or tokenizer.eos_token_id is None:
        raise UserError(
            f"model.name {settings.name}: its tokenizer has no end token: choose another model."
        )
    if file:
        _mark_dequantized(network)
    if tokenizer.chat_template is None:
        tokenizer.chat_template = TEMPLATE.read_text(encoding="utf-8")
    longest = getattr(network.config, "max_position_embeddings", settings.max_tokens)
    if settings.max_tokens > longest:
        raise UserError(f"model.max_tokens: {settings.name} reads at most {longest}.")
    return network, tokenizer


def _mark_dequantized(network: Any) -> None:
    """Let transformers save weights that it read from a GGUF file, which are float32 now."""
    network.hf_quantizer = None
    del network.is_quantized, network.quantization_method, network.config.quantization_config


def to_device(network: PreTrainedModel) -> PreTrainedModel:
    """Return a network in evaluation mode, on the GPU if there is one."""
    if torch.accelerator.is_available():
        network.to(torch.accelerator.current_accelerator())  # type: ignore[arg-type]
    return network.eval()


def quiet() -> None:
    """Silence transformers' warnings and progress bars."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
