"""LoRA: low-rank matrices are trained instead of the encoder's weights, then merged."""

from torch import nn
from transformers import PreTrainedModel, Trainer

from ..config import Config


def add_adapters(network: PreTrainedModel, config: Config) -> nn.Module:
    """Return the network with LoRA at each linear layer (Hu et al. 2022), or unchanged."""
    rank = config.train.lora
    if rank is None:
        return network
    from peft import LoraConfig, get_peft_model  # imported here: only LoRA needs it

    lora = LoraConfig(
        task_type="SEQ_CLS",  # the head is trained in full
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.05,
        target_modules="all-linear",
    )
    return get_peft_model(network, lora)


def merge_adapters(trainer: Trainer) -> PreTrainedModel:
    """Return the trained network without adapters, on the CPU."""
    network = trainer.accelerator.unwrap_model(trainer.model)
    if hasattr(network, "merge_and_unload"):
        network = network.merge_and_unload()
    return network.cpu().eval()
