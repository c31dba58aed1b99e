"""Bottleneck adapters: narrow layers after the feed-forward blocks of a frozen network."""

from torch import Tensor, nn
from torch.nn.functional import gelu
from transformers import PreTrainedModel

NAME = "bottleneck"


class Bottleneck(nn.Module):
    """A residual layer, initialized to add zero (Houlsby et al. 2019)."""

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(width, rank), nn.Linear(rank, width)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return what is added to a block's output: (rows, tokens, width)."""
        return self.up(gelu(self.down(hidden)))


def add_bottlenecks(network: PreTrainedModel, rank: int) -> PreTrainedModel:
    """Freeze the network and add a bottleneck to each feed-forward block (Pfeiffer et al. 2021).

    ValueError if it has no blocks named mlp.
    """
    blocks = [block for name, block in network.named_modules() if name.endswith(".mlp")]
    if not blocks:
        raise ValueError("it has no blocks named mlp")
    network.requires_grad_(False)
    for block in blocks:
        block.add_module(NAME, Bottleneck(network.config.hidden_size, rank).to(network.device))
        block.register_forward_hook(_add)
    return network


def _add(block: nn.Module, args: tuple[Tensor], output: Tensor) -> Tensor:
    return output + block.get_submodule(NAME)(output)
