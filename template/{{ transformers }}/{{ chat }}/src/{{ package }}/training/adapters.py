"""Parameter-efficient fine-tuning; adapters are merged into the weights where possible."""

from collections.abc import Callable
from typing import Any

from torch import nn
from transformers import PreTrainedModel, Trainer

from ..config import Config
from ..library import to_device
from ..toolkit.runs import UserError
from .bottleneck import add_bottlenecks
from .prefix import add_prefix
from .quantization import LOADED_IN_4BIT, dequantize, quantize

UNMERGEABLE = {"prefix": add_prefix, "bottleneck": add_bottlenecks}


def add_adapters(network: PreTrainedModel, config: Config) -> nn.Module:
    """Return the network with the adapters of `train.method`, the rest frozen; `full` adds none.

    UserError if the architecture does not support the method, or the result can't be exported.
    """
    settings = config.train
    if settings.method == "full":
        return network
    _check(config)
    if settings.method in UNMERGEABLE:  # recorded in config.json
        network.config.adapter = {"method": settings.method, "rank": settings.rank}
    try:
        return METHODS[settings.method](network, settings.rank)
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        problem = f"train.method {settings.method} can't train this model ({reason})"
        raise UserError(f"{problem}: use lora or full.") from None


def _check(config: Config) -> None:
    method = f"train.method {config.train.method}"
    if config.train.method in UNMERGEABLE and config.export.formats:
        raise UserError(
            f"{method}: its adapter can't be merged into the weights, so nothing can be exported: "
            "set export.formats '[]', or choose another method."
        )
    if config.train.method == "prefix" and config.train.gradient_checkpointing:
        raise UserError(
            f"{method} can't be used with train.gradient_checkpointing: set it to false."
        )


def merge_adapters(trainer: Trainer) -> PreTrainedModel:
    """Return the trained network, adapters merged; prefixes and bottlenecks stay in place."""
    network = trainer.accelerator.unwrap_model(trainer.model)
    if getattr(network, LOADED_IN_4BIT, False):
        network = dequantize(network)
    elif hasattr(network, "merge_and_unload"):
        network = network.merge_and_unload()
    return to_device(network)


def _lora(network: PreTrainedModel, rank: int) -> nn.Module:
    """Add low-rank matrices to each linear layer (Hu et al. 2022)."""
    from peft import LoraConfig

    lora = LoraConfig(
        task_type="CAUSAL_LM",
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.05,
        target_modules="all-linear",
    )
    return _add_peft(network, lora)


def _qlora(network: PreTrainedModel, rank: int) -> nn.Module:
    """Add LoRA over frozen 4-bit weights (Dettmers et al. 2023)."""
    return _lora(quantize(network), rank)


def _ia3(network: PreTrainedModel, rank: int) -> nn.Module:
    """Add vectors that scale keys, values and feed-forward activations (Liu et al. 2022)."""
    from peft import IA3Config

    return _add_peft(network, IA3Config(task_type="CAUSAL_LM"))


def _add_peft(network: PreTrainedModel, config: Any) -> nn.Module:
    """Return peft's network, without its origin, which each checkpoint would look up again."""
    from peft import get_peft_model  # imported here: not every method needs it

    peft_network = get_peft_model(network, config)
    peft_network.peft_config["default"].base_model_name_or_path = None
    return peft_network


METHODS: dict[str, Callable[[Any, int], nn.Module]] = {
    "lora": _lora,
    "qlora": _qlora,
    "ia3": _ia3,
    **UNMERGEABLE,
}
