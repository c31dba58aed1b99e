"""How tokens look at those before them: three kinds of attention. Shapes are as in decoder.py."""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import Cache, PreTrainedConfig

from .positions import turned


class DecoderConfig(PreTrainedConfig):
    """What config.json holds of it; the names are those of Llamas."""

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
        """Say if it computes what a Llama does, so that other programs can run it."""
        return self.attention != "mla" and self.positions == "rope"


class Grouped(nn.Module):
    """Heads of attention (Vaswani et al. 2017), some of which may share keys and values.

    As many of these as of queries is multi-head attention; fewer, grouped (Ainslie et al. 2023).
    """

    def __init__(self, config: DecoderConfig, layer: int) -> None:
        super().__init__()
        self.layer, self.turns = layer, config.positions == "rope"
        self.size = config.hidden_size // config.num_attention_heads
        few = config.num_key_value_heads * self.size
        self.q_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
        self.k_proj = nn.Linear(config.hidden_size, few, bias=False)
        self.v_proj = nn.Linear(config.hidden_size, few, bias=False)
        self.o_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)

    def forward(
        self, x_BTD: Tensor, places_BT: Tensor, mask_BHTS: Tensor, cache: Cache | None
    ) -> Tensor:
        """Return what the tokens have seen, (B, T, D)."""
        q_BHTC, k_BKSC = split(self.q_proj(x_BTD), self.size), split(self.k_proj(x_BTD), self.size)
        v_BKSC = split(self.v_proj(x_BTD), self.size)
        if self.turns:
            q_BHTC, k_BKSC = turned(q_BHTC, places_BT), turned(k_BKSC, places_BT)
        if cache is not None:
            k_BKSC, v_BKSC = cache.update(k_BKSC, v_BKSC, self.layer)
        seen_BHTC = scaled_dot_product_attention(
            q_BHTC, k_BKSC, v_BKSC, attn_mask=mask_BHTS, enable_gqa=True
        )
        return self.o_proj(seen_BHTC.transpose(1, 2).flatten(2))


class Latent(nn.Module):
    """Multi-head latent attention (DeepSeek-AI 2024, "DeepSeek-V2", section 2.1).

    The cache holds a latent for each token, from which keys and values are made anew, and one key
    that is turned by its place, for all heads.
    """

    def __init__(self, config: DecoderConfig, layer: int) -> None:
        super().__init__()
        self.layer, self.size = layer, config.hidden_size // config.num_attention_heads
        self.turns = self.size // 2 if config.positions == "rope" else 0
        self.latent, wide = config.hidden_size // 4, config.num_attention_heads * self.size
        more = config.num_attention_heads * self.turns
        self.q_proj = nn.Linear(config.hidden_size, wide + more, bias=False)
        self.down_proj = nn.Linear(config.hidden_size, self.latent + self.turns, bias=False)
        self.norm = nn.RMSNorm(self.latent, eps=config.rms_norm_eps)
        self.up_proj = nn.Linear(self.latent, 2 * wide, bias=False)
        self.o_proj = nn.Linear(wide, config.hidden_size, bias=False)

    def forward(
        self, x_BTD: Tensor, places_BT: Tensor, mask_BHTS: Tensor, cache: Cache | None
    ) -> Tensor:
        """Return what the tokens have seen, (B, T, D)."""
        sizes = [self.size, self.turns]
        q_BHTC, q_BHTP = split(self.q_proj(x_BTD), sum(sizes)).split(sizes, dim=-1)
        latent_BTR, k_BTP = self.down_proj(x_BTD).split([self.latent, self.turns], dim=-1)
        latent_B1SR, k_B1SP = self.norm(latent_BTR)[:, None], turned(k_BTP[:, None], places_BT)
        if cache is not None:
            latent_B1SR, k_B1SP = cache.update(latent_B1SR, k_B1SP, self.layer)
        k_BHSC, v_BHSC = split(self.up_proj(latent_B1SR[:, 0]), 2 * self.size).chunk(2, dim=-1)
        k_BHSP = k_B1SP.expand(-1, k_BHSC.shape[1], -1, -1)
        seen_BHTC = scaled_dot_product_attention(
            torch.cat([q_BHTC, turned(q_BHTP, places_BT)], dim=-1),
            torch.cat([k_BHSC, k_BHSP], dim=-1),
            v_BHSC,
            attn_mask=mask_BHTS,
        )
        return self.o_proj(seen_BHTC.transpose(1, 2).flatten(2))


KINDS = {"mha": Grouped, "gqa": Grouped, "mla": Latent}


def split(x_BTD: Tensor, size: int) -> Tensor:
    """Return heads of `size` numbers, (B, heads, T, size)."""
    return x_BTD.unflatten(-1, (-1, size)).transpose(1, 2)
