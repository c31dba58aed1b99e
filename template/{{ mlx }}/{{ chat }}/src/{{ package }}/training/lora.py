"""Low-rank adapters (Hu et al. 2022, "LoRA"), over 4-bit weights or not, merged at the end."""

from typing import Any

from mlx import nn
from mlx.utils import tree_unflatten
from mlx_lm.tuner.utils import linear_to_lora_layers

from ..settings.train import Train

BLOCK = 64  # weights that share a scale and a zero


def add_adapters(network: Any, settings: Train) -> None:
    """Add the adapters of `train.method` to each linear layer, and freeze the rest."""
    if settings.method == "full":
        return
    network.freeze()
    if settings.method == "qlora":
        for layer in network.layers:
            nn.quantize(layer, BLOCK, bits=4, class_predicate=_is_wide)
    shape = {"rank": settings.rank, "scale": 2.0, "dropout": 0.05}
    linear_to_lora_layers(network, len(network.layers), shape)


def merge_adapters(network: Any) -> None:
    """Add the adapters to the weights, which are dequantized if they have 4 bits."""
    adapted = [(name, layer) for name, layer in network.named_modules() if hasattr(layer, "fuse")]
    merged = [(name, layer.fuse(dequantize=True)) for name, layer in adapted]
    network.update_modules(tree_unflatten(merged))
    network.unfreeze()


def _is_wide(name: str, layer: nn.Module) -> bool:
    """Return whether a layer is linear, with rows of whole blocks."""
    return isinstance(layer, nn.Linear) and layer.weight.shape[1] % BLOCK == 0
