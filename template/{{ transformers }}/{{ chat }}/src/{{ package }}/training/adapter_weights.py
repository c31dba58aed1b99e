"""Save and load prefixes and bottlenecks, which can't be merged into the weights."""

from pathlib import Path

from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel

from .adapters import UNMERGEABLE

FILE = "adapter.safetensors"


def save(network: PreTrainedModel, folder: Path) -> None:
    """Write the weights as transformers does, and those of the adapter to FILE."""
    weights, adapter = network.state_dict(), {}
    if hasattr(network.config, "adapter"):
        trained = [name for name, weight in network.named_parameters() if weight.requires_grad]
        adapter = {name: weights.pop(name).cpu().contiguous() for name in trained}
    network.save_pretrained(folder, state_dict=weights)
    if adapter:
        save_file(adapter, folder / FILE)


def load(network: PreTrainedModel, folder: Path) -> PreTrainedModel:
    """Return the network with its adapter, if it has one."""
    adapter = getattr(network.config, "adapter", None)
    if adapter:
        network = UNMERGEABLE[adapter["method"]](network, adapter["rank"])
        network.load_state_dict(load_file(folder / FILE), strict=False)
    return network
