"""Bottlenecks: narrow layers behind the feed-forward blocks of a network that stays as it is."""

from torch import Tensor, nn
from torch.nn.functional import gelu
from transformers import PreTrainedModel

NAME = "bottleneck"


class Bottleneck(nn.Module):
    """What is added to a block's output: nothing, to begin with (Houlsby et al. 2019)."""

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(width, rank), nn.Linear(rank, width)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return what is added: (rows, tokens, width)."""
        return self.up(gelu(self.down(hidden)))


def narrowed(network: PreTrainedModel, rank: int) -> PreTrainedModel:
    """Return the network, frozen, with a bottleneck after each feed-forward block alone.

    Pfeiffer et al. 2021. ValueError if it has no such blocks, or not under that name.
    """
    blocks = [block for name, block in network.named_modules() if name.endswith(".mlp")]
    if not blocks:
        raise ValueError("it has no blocks named mlp")
    network.requires_grad_(False)
    for block in blocks:
        block.add_module(NAME, Bottleneck(network.config.hidden_size, rank).to(network.device))
        block.register_forward_hook(_add)
    return network


def _add(block: nn.Module, given: tuple[Tensor], told: Tensor) -> Tensor:
    return told + block.get_submodule(NAME)(told)
