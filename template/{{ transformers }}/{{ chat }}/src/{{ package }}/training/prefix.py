"""A prefix: keys and values in front of all that a network reads, which itself stays as it is."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedModel


class Prefix(nn.Module):
    """What each layer finds before the first token: (layers, 2, 1, heads, rank, head width)."""

    def __init__(self, cache: DynamicCache) -> None:
        super().__init__()
        layers: list[Any] = cache.layers
        pairs = [torch.stack([layer.keys, layer.values]) for layer in layers]
        self.pairs = nn.Parameter(torch.stack(pairs))

    def filled(self, cache: DynamicCache, rows: int) -> DynamicCache:
        """Put it into an empty cache, once for each row."""
        for layer, (keys, values) in enumerate(self.pairs.expand(-1, -1, rows, -1, -1, -1)):
            cache.update(keys, values, layer)
        return cache


def prefixed(network: PreTrainedModel, rank: int) -> PreTrainedModel:
    """Return the network, frozen, behind a prefix of `rank` tokens (Li and Liang 2021).

    They begin as what the network makes of real tokens, the one that ends a turn.
    """
    network.requires_grad_(False)
    first = torch.full((1, rank), network.config.eos_token_id, device=network.device)
    cache = DynamicCache(config=network.config)
    with torch.no_grad():
        network(first, cache=cache)
    network.add_module("prefix", Prefix(cache))
    network.register_forward_pre_hook(_put, with_kwargs=True)
    return network


def _put(network: Any, args: tuple[Any, ...], told: dict[str, Any]) -> Any:
    """Fill the cache before the first step, and count the prefix in masks and positions."""
    ids, cache = args[0] if args else told["input_ids"], told.get("cache")
    rank = network.prefix.pairs.shape[-2]
    if cache is None or not cache.get_seq_length():
        told["cache"] = network.prefix.filled(cache or DynamicCache(), len(ids))
    if told.get("position_ids") is not None:
        told["position_ids"] = told["position_ids"] + rank
    if isinstance(mask := told.get("attention_mask"), Tensor):
        told["attention_mask"] = torch.cat([mask.new_ones(len(mask), rank), mask], dim=1)
    return args, told
