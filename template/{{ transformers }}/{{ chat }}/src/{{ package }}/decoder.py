"""A language model to read and to change: `model.name decoder`.

It computes the same as a Llama (Touvron et al. 2023), or with other attention or positions.
Suffixes of names are shapes: B batch, T new tokens, S all tokens including cached ones, D width,
H heads, K heads of keys and values, C head size, R latent size, P rotary size.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import silu
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    Cache,
    DynamicCache,
    GenerationMixin,
    PreTrainedModel,
)
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import CausalLMOutputWithPast

from .attention import KINDS, DecoderConfig
from .positions import alibi_slopes, attention_bias


def register() -> None:
    """Register the decoder with transformers' Auto classes."""
    AutoConfig.register("decoder", DecoderConfig, exist_ok=True)
    AutoModelForCausalLM.register(DecoderConfig, Decoder, exist_ok=True)


class FeedForward(nn.Module):
    """A gated feed-forward layer (Shazeer 2020, SwiGLU)."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        width, inner = config.hidden_size, config.intermediate_size
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.up_proj = nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Transform each token independently, (B, T, D)."""
        return self.down_proj(silu(self.gate_proj(x_BTD)) * self.up_proj(x_BTD))


class Block(GradientCheckpointingLayer):
    """Causal self-attention, then a feed-forward layer."""

    def __init__(self, config: DecoderConfig, layer: int) -> None:
        super().__init__()
        width, eps = config.hidden_size, config.rms_norm_eps
        self.input_layernorm = nn.RMSNorm(width, eps)
        self.self_attn = KINDS[config.attention](config, layer)
        self.post_attention_layernorm = nn.RMSNorm(width, eps)
        self.mlp = FeedForward(config)

    def forward(
        self, x_BTD: Tensor, positions_BT: Tensor, mask_BHTS: Tensor, cache: Cache | None
    ) -> Tensor:
        """Add both to the residual stream, (B, T, D)."""
        x_BTD = x_BTD + self.self_attn(self.input_layernorm(x_BTD), positions_BT, mask_BHTS, cache)
        return x_BTD + self.mlp(self.post_attention_layernorm(x_BTD))


class Decoder(PreTrainedModel, GenerationMixin):
    """A causal language model, which transformers saves, loads and generates with."""

    config_class = DecoderConfig
    base_model_prefix = "model"
    supports_gradient_checkpointing = True

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__(config)
        self._tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}
        layers = [Block(config, layer) for layer in range(config.num_hidden_layers)]
        self.model = nn.ModuleDict(
            {
                "embed_tokens": nn.Embedding(config.vocab_size, config.hidden_size),
                "layers": nn.ModuleList(layers),
                "norm": nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps),
            }
        )
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """Return the token embeddings."""
        return self.model["embed_tokens"]

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        cache: Cache | None = None,
        use_cache: bool = False,
        logits_to_keep: int = 0,
        **kwargs: object,
    ) -> CausalLMOutputWithPast:
        """Return logits, (B, T, vocabulary), of the last `logits_to_keep` tokens, 0 for all."""
        cache = DynamicCache(config=self.config) if use_cache and cache is None else cache
        cached = 0 if cache is None else cache.get_seq_length()
        x_BTD = self.get_input_embeddings()(input_ids)
        if position_ids is None:
            position_ids = torch.arange(cached, cached + x_BTD.shape[1], device=x_BTD.device)[None]
        heads, alibi = self.config.num_attention_heads, self.config.positions == "alibi"
        slopes_H = alibi_slopes(heads) if alibi else torch.zeros(1)
        mask_BHTS = attention_bias(slopes_H, attention_mask, cached, x_BTD)
        for block in self.model["layers"].children():
            x_BTD = block(x_BTD, position_ids, mask_BHTS, cache)
        x_BTD = self.model["norm"](x_BTD[:, -logits_to_keep:])
        return CausalLMOutputWithPast(logits=self.lm_head(x_BTD), cache=cache)
