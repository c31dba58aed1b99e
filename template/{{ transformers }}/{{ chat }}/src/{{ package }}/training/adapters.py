"""What is trained in place of all weights; what can be merged into them is, in the end."""

from collections.abc import Callable
from typing import Any

from torch import nn
from transformers import PreTrainedModel, Trainer

from ..config import Config
from ..library import placed
from ..toolkit.runs import UserError
from .bottleneck import narrowed
from .fourbit import LOADED, quantized, restored
from .prefix import prefixed

APART = {"prefix": prefixed, "bottleneck": narrowed}  # what they learn is no change of the weights


def adapted(network: PreTrainedModel, config: Config) -> nn.Module:
    """Return the network with what `train.method` trains, all else frozen; `full` leaves it alone.

    UserError if the architecture knows no such way, or if what is learnt could not be exported.
    """
    settings = config.train
    if settings.method == "full":
        return network
    _check(config)
    if settings.method in APART:  # as config.json will tell
        network.config.adapter = {"method": settings.method, "rank": settings.rank}
    try:
        return WAYS[settings.method](network, settings.rank)
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        told = f"train.method {settings.method} can't train this model ({reason})"
        raise UserError(f"{told}: take lora or full.") from None


def _check(config: Config) -> None:
    told = f"train.method {config.train.method}"
    if config.train.method in APART and config.export.formats:
        raise UserError(
            f"{told}: what it learns can't be merged into the weights, so nothing can be exported: "
            "set export.formats '[]', or take another method."
        )
    if config.train.method == "prefix" and config.train.gradient_checkpointing:
        raise UserError(f"{told} can't be used with train.gradient_checkpointing: set that false.")


def merged(trainer: Trainer) -> PreTrainedModel:
    """Return what was trained as a network like any other; prefixes and bottlenecks stay apart."""
    network = trainer.accelerator.unwrap_model(trainer.model)
    if getattr(network, LOADED, False):
        network = restored(network)
    elif hasattr(network, "merge_and_unload"):
        network = network.merge_and_unload()
    return placed(network)


def _lora(network: PreTrainedModel, rank: int) -> nn.Module:
    """Matrices of a low rank at each linear layer (Hu et al. 2022)."""
    from peft import LoraConfig

    told = LoraConfig(
        task_type="CAUSAL_LM",
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.05,
        target_modules="all-linear",
    )
    return _adapted(network, told)


def _qlora(network: PreTrainedModel, rank: int) -> nn.Module:
    """The same, over frozen weights of 4 bits (Dettmers et al. 2023)."""
    return _lora(quantized(network), rank)


def _ia3(network: PreTrainedModel, rank: int) -> nn.Module:
    """Vectors that scale keys, values and what feed-forward blocks hold (Liu et al. 2022)."""
    from peft import IA3Config

    return _adapted(network, IA3Config(task_type="CAUSAL_LM"))


def _adapted(network: PreTrainedModel, told: Any) -> nn.Module:
    """Return peft's network, which forgets its origin: each checkpoint would look there again."""
    from peft import get_peft_model  # not above: many trainings do without it

    adapted = get_peft_model(network, told)
    adapted.peft_config["default"].base_model_name_or_path = None
    return adapted


WAYS: dict[str, Callable[[Any, int], nn.Module]] = {
    "lora": _lora,
    "qlora": _qlora,
    "ia3": _ia3,
    **APART,
}
