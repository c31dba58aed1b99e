"""Prefixes and bottlenecks on disk: beside the weights, which they can't be merged into."""

from pathlib import Path

from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel

from .adapters import APART

FILE = "adapter.safetensors"


def write(network: PreTrainedModel, folder: Path) -> None:
    """Write the weights as transformers does, and into FILE what was learnt apart from them."""
    weights, learnt = network.state_dict(), {}
    if hasattr(network.config, "adapter"):
        free = [name for name, weight in network.named_parameters() if weight.requires_grad]
        learnt = {name: weights.pop(name).cpu().contiguous() for name in free}
    network.save_pretrained(folder, state_dict=weights)
    if learnt:
        save_file(learnt, folder / FILE)


def read(network: PreTrainedModel, folder: Path) -> PreTrainedModel:
    """Return a network of `folder` with what was learnt apart from its weights."""
    told = getattr(network.config, "adapter", None)
    if told:
        network = APART[told["method"]](network, told["rank"])
        network.load_state_dict(load_file(folder / FILE), strict=False)
    return network
