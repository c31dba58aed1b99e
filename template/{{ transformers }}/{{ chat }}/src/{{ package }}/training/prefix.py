"""Prefix tuning: trained keys and values before the first token of a frozen network."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedModel


class Prefix(nn.Module):
    """Keys and values of each layer: (layers, 2, 1, heads, rank, head size)."""

    def __init__(self, cache: DynamicCache) -> None:
        super().__init__()
        layers: list[Any] = cache.layers
        pairs = [torch.stack([layer.keys, layer.values]) for layer in layers]
        self.pairs = nn.Parameter(torch.stack(pairs))

    def fill(self, cache: DynamicCache, rows: int) -> DynamicCache:
        """Write the prefix to an empty cache, once for each row."""
        for layer, (keys, values) in enumerate(self.pairs.expand(-1, -1, rows, -1, -1, -1)):
            cache.update(keys, values, layer)
        return cache


def add_prefix(network: PreTrainedModel, rank: int) -> PreTrainedModel:
    """Freeze the network and add a prefix of `rank` tokens (Li and Liang 2021).

    It is initialized with the keys and values of the end-of-turn token.
    """
    network.requires_grad_(False)
    ids = torch.full((1, rank), network.config.eos_token_id, device=network.device)
    cache = DynamicCache(config=network.config)
    with torch.no_grad():
        network(ids, cache=cache)
    network.add_module("prefix", Prefix(cache))
    network.register_forward_pre_hook(_insert, with_kwargs=True)
    return network


def _insert(network: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Fill the cache before the first step, and extend mask and positions by the prefix."""
    ids, cache = args[0] if args else kwargs["input_ids"], kwargs.get("cache")
    rank = network.prefix.pairs.shape[-2]
    if cache is None or not cache.get_seq_length():
        kwargs["cache"] = network.prefix.fill(cache or DynamicCache(), len(ids))
    if kwargs.get("position_ids") is not None:
        kwargs["position_ids"] = kwargs["position_ids"] + rank
    if isinstance(mask := kwargs.get("attention_mask"), Tensor):
        kwargs["attention_mask"] = torch.cat([mask.new_ones(len(mask), rank), mask], dim=1)
    return args, kwargs
