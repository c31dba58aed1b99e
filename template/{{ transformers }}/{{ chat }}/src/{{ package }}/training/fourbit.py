"""Weights of 4 bits to train over, and plain ones again (Dettmers et al. 2023, "QLoRA")."""

from typing import Any

from torch import nn
from transformers import PreTrainedModel

LOADED = "is_loaded_in_4bit"  # by this peft tells such a network


def quantized(network: PreTrainedModel) -> PreTrainedModel:
    """Return the network with NF4 in its linear layers but the head, scales quantized as well."""
    from bitsandbytes.nn import Linear4bit, Params4bit  # not above: other methods do without it

    head = network.get_output_embeddings()
    for name, layer in [*network.named_modules()]:
        if type(layer) is not nn.Linear or layer is head:
            continue
        size = layer.in_features, layer.out_features
        small = Linear4bit(*size, bias=layer.bias is not None, quant_type="nf4", device="meta")
        small.weight = Params4bit(layer.weight.data.cpu(), requires_grad=False, quant_type="nf4")
        # Its packing for AVX-512 fails where a width is no multiple of 64, and rounds to bfloat16.
        small.support_avx512bf16_for_cpu = False
        small.bias = layer.bias
        network.set_submodule(name, small.to(layer.weight.device))
    setattr(network, LOADED, True)
    return network


def restored(network: Any) -> PreTrainedModel:
    """Return peft's network with plain weights: those of 4 bits, and what was learnt over them."""
    from bitsandbytes.functional import dequantize_4bit
    from peft.tuners.lora.bnb import Linear4bit

    base = network.get_base_model()
    for name, layer in [*base.named_modules()]:
        if isinstance(layer, Linear4bit):
            inner: Any = layer.get_base_layer()
            weight = dequantize_4bit(inner.weight.data, inner.weight.quant_state)
            plain = nn.Linear(inner.in_features, inner.out_features, bias=False, device="meta")
            plain.weight = nn.Parameter(weight + layer.get_delta_weight("default"))
            plain.bias = inner.bias
            base.set_submodule(name, plain)
    delattr(base, LOADED)
    return base
