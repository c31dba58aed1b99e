"""LoRA: small matrices are trained in place of the encoder's weights, and merged into them."""

from torch import nn
from transformers import PreTrainedModel, Trainer

from ..config import Config


def adapted(network: PreTrainedModel, config: Config) -> nn.Module:
    """Return the network with LoRA matrices at each linear layer (Hu et al. 2022), or as it is."""
    rank = config.train.lora
    if rank is None:
        return network
    from peft import LoraConfig, get_peft_model  # not above: most trainings do without it

    told = LoraConfig(
        task_type="SEQ_CLS",  # the head is trained whole
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.05,
        target_modules="all-linear",
    )
    return get_peft_model(network, told)


def merged(trainer: Trainer) -> PreTrainedModel:
    """Return what was trained as a network like any other, on the CPU."""
    network = trainer.accelerator.unwrap_model(trainer.model)
    if hasattr(network, "merge_and_unload"):
        network = network.merge_and_unload()
    return network.cpu().eval()
