"""Multi-head, grouped-query and latent attention. Shape suffixes are as in decoder.py."""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import Cache, PreTrainedConfig

from .positions import rotate


class DecoderConfig(PreTrainedConfig):
    """The configuration in config.json, with the names of Llama's."""

    model_type = "decoder"

    vocab_size: int = 2000
    hidden_size: int = 128
    intermediate_size: int = 320
    num_hidden_layers: int = 2
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    attention: str = "gqa"
    positions: str = "rope"
    max_position_embeddings: int = 512
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-6
    tie_word_embeddings: bool = True
    pad_token_id: int | None = None
    bos_token_id: int | None = None
    eos_token_id: int | None = None

    @property
    def is_llama(self) -> bool:
        """Return whether it computes the same as a Llama, so that other programs can run it."""
        return self.attention != "mla" and self.positions == "rope"


class GroupedQueryAttention(nn.Module):
    """Multi-head attention (Vaswani et al. 2017) or grouped-query attention (Ainslie et al. 2023).

    Grouped: there are fewer heads of keys and values than of queries, which share them.
    """

    def __init__(self, config: DecoderConfig, layer: int) -> None:
        super().__init__()
        self.layer, self.rotary = layer, config.positions == "rope"
        self.size = config.hidden_size // config.num_attention_heads
        kv_width = config.num_key_value_heads * self.size
        self.q_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
        self.k_proj = nn.Linear(config.hidden_size, kv_width, bias=False)
        self.v_proj = nn.Linear(config.hidden_size, kv_width, bias=False)
        self.o_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)

    def forward(
        self, x_BTD: Tensor, positions_BT: Tensor, mask_BHTS: Tensor, cache: Cache | None
    ) -> Tensor:
        """Return the attention output, (B, T, D)."""
        q_BHTC = split_heads(self.q_proj(x_BTD), self.size)
        k_BKSC = split_heads(self.k_proj(x_BTD), self.size)
        v_BKSC = split_heads(self.v_proj(x_BTD), self.size)
        if self.rotary:
            q_BHTC, k_BKSC = rotate(q_BHTC, positions_BT), rotate(k_BKSC, positions_BT)
        if cache is not None:
            k_BKSC, v_BKSC = cache.update(k_BKSC, v_BKSC, self.layer)
        out_BHTC = scaled_dot_product_attention(
            q_BHTC, k_BKSC, v_BKSC, attn_mask=mask_BHTS, enable_gqa=True
        )
        return self.o_proj(out_BHTC.transpose(1, 2).flatten(2))


class LatentAttention(nn.Module):
    """Multi-head latent attention (DeepSeek-AI 2024, "DeepSeek-V2", section 2.1).

    The cache holds a latent vector for each token, from which keys and values are recomputed, and
    one rotary key that all heads share.
    """

    def __init__(self, config: DecoderConfig, layer: int) -> None:
        super().__init__()
        self.layer, self.size = layer, config.hidden_size // config.num_attention_heads
        self.rotary_size = self.size // 2 if config.positions == "rope" else 0
        self.latent, width = config.hidden_size // 4, config.num_attention_heads * self.size
        rotary_width = config.num_attention_heads * self.rotary_size
        self.q_proj = nn.Linear(config.hidden_size, width + rotary_width, bias=False)
        self.down_proj = nn.Linear(config.hidden_size, self.latent + self.rotary_size, bias=False)
        self.norm = nn.RMSNorm(self.latent, eps=config.rms_norm_eps)
        self.up_proj = nn.Linear(self.latent, 2 * width, bias=False)
        self.o_proj = nn.Linear(width, config.hidden_size, bias=False)

    def forward(
        self, x_BTD: Tensor, positions_BT: Tensor, mask_BHTS: Tensor, cache: Cache | None
    ) -> Tensor:
        """Return the attention output, (B, T, D)."""
        sizes = [self.size, self.rotary_size]
        q_BHTC, q_BHTP = split_heads(self.q_proj(x_BTD), sum(sizes)).split(sizes, dim=-1)
        latent_BTR, k_BTP = self.down_proj(x_BTD).split([self.latent, self.rotary_size], dim=-1)
        latent_B1SR = self.norm(latent_BTR)[:, None]
        k_B1SP = rotate(k_BTP[:, None], positions_BT)
        if cache is not None:
            latent_B1SR, k_B1SP = cache.update(latent_B1SR, k_B1SP, self.layer)
        k_BHSC, v_BHSC = split_heads(self.up_proj(latent_B1SR[:, 0]), 2 * self.size).chunk(
            2, dim=-1
        )
        k_BHSP = k_B1SP.expand(-1, k_BHSC.shape[1], -1, -1)
        out_BHTC = scaled_dot_product_attention(
            torch.cat([q_BHTC, rotate(q_BHTP, positions_BT)], dim=-1),
            torch.cat([k_BHSC, k_BHSP], dim=-1),
            v_BHSC,
            attn_mask=mask_BHTS,
        )
        return self.o_proj(out_BHTC.transpose(1, 2).flatten(2))


KINDS = {"mha": GroupedQueryAttention, "gqa": GroupedQueryAttention, "mla": LatentAttention}


def split_heads(x_BTD: Tensor, size: int) -> Tensor:
    """Split the last axis into heads: (B, heads, T, size)."""
    return x_BTD.unflatten(-1, (-1, size)).transpose(1, 2)
