"""4-bit weights for training, and back to float32 (Dettmers et al. 2023, "QLoRA")."""

from typing import Any

from torch import nn
from transformers import PreTrainedModel

LOADED_IN_4BIT = "is_loaded_in_4bit"  # the attribute that peft looks for


def quantize(network: PreTrainedModel) -> PreTrainedModel:
    """Quantize all linear layers but the head to NF4, with double quantization."""
    from bitsandbytes.nn import Linear4bit, Params4bit  # imported here: only qlora needs it

    head = network.get_output_embeddings()
    for name, layer in [*network.named_modules()]:
        if type(layer) is not nn.Linear or layer is head:
            continue
        size = layer.in_features, layer.out_features
        quantized = Linear4bit(*size, bias=layer.bias is not None, quant_type="nf4", device="meta")
        quantized.weight = Params4bit(
            layer.weight.data.cpu(), requires_grad=False, quant_type="nf4"
        )
        # Its AVX-512 kernel fails if a width is not a multiple of 64, and rounds to bfloat16.
        quantized.support_avx512bf16_for_cpu = False
        quantized.bias = layer.bias
        network.set_submodule(name, quantized.to(layer.weight.device))
    setattr(network, LOADED_IN_4BIT, True)
    return network


def dequantize(network: Any) -> PreTrainedModel:
    """Return peft's network with float weights: dequantized, with LoRA merged."""
    from bitsandbytes.functional import dequantize_4bit
    from peft.tuners.lora.bnb import Linear4bit

    base = network.get_base_model()
    for name, layer in [*base.named_modules()]:
        if isinstance(layer, Linear4bit):
            inner: Any = layer.get_base_layer()
            weight = dequantize_4bit(inner.weight.data, inner.weight.quant_state)
            linear = nn.Linear(inner.in_features, inner.out_features, bias=False, device="meta")
            linear.weight = nn.Parameter(weight + layer.get_delta_weight("default"))
            linear.bias = inner.bias
            base.set_submodule(name, linear)
    delattr(base, LOADED_IN_4BIT)
    return base
