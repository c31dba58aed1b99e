"""Language models of mlx-lm: pretrained ones by name or folder, and a small one from scratch."""

from pathlib import Path
from typing import Any

import mlx.core as mx
from huggingface_hub import snapshot_download
from mlx.utils import tree_map_with_path
from mlx_lm.models.llama import Model as Llama
from mlx_lm.models.llama import ModelArgs
from mlx_lm.utils import dequantize_model, load_model
from transformers import AutoConfig, AutoTokenizer, LlamaConfig, PreTrainedConfig

from .pretrained import OTHER, reason
from .settings.model import Model as Settings
from .templates import set_template
from .toolkit.runs import UserError
from .training.device import device

FILES = ["*.json", "*.jinja", "*.safetensors"]  # of a repository on the Hub


def llama(config: LlamaConfig, seed: int) -> Any:
    """Return a Llama with random weights, from the distribution that Transformers draws from."""
    network = Llama(ModelArgs.from_dict(config.to_dict() | _rope(config)))
    mx.random.seed(seed)
    scale = config.initializer_range

    def draw(name: str, weight: mx.array) -> mx.array:
        return scale * mx.random.normal(weight.shape) if weight.ndim > 1 else weight

    network.update(tree_map_with_path(draw, network.parameters()))
    mx.eval(network.parameters())
    return network.eval()


def pretrained(settings: Settings) -> tuple[Any, PreTrainedConfig, Any]:
    """Return network, configuration and tokenizer of a model from the Hub or a folder.

    UserError if they are incomplete, do not fit together, are pickles or need code of their own.
    """
    name, place = f"model.name {settings.name}", Path(settings.name)
    if place.suffix == ".gguf":
        raise UserError(f"{name}: MLX starts from safetensors, not from a GGUF file; {OTHER}.")
    try:
        if not place.is_dir():
            revision = settings.revision or "main"
            place = Path(snapshot_download(settings.name, revision=revision, allow_patterns=FILES))
        tokenizer: Any = AutoTokenizer.from_pretrained(place)
        network, config = load_network(place)
    except Exception as error:  # each library raises its own
        raise UserError(
            f"{name} can't be loaded: {reason(settings.name, error)}; {OTHER}."
        ) from None
    if adapter := getattr(config, "adapter", None):
        why = f"was tuned with {adapter['method']}, which is not merged into its weights"
        raise UserError(f"{name}: it {why}: start from another model.")
    if not tokenizer.is_fast:
        raise UserError(f"{name}: its tokenizer has no tokenizer.json; {OTHER}.")
    if tokenizer.eos_token_id is None:
        raise UserError(f"{name}: its tokenizer has no end token; {OTHER}.")
    _check_sizes(settings, config, tokenizer)
    set_template(name, tokenizer)
    return network, config, tokenizer


def load_network(folder: Path) -> tuple[Any, PreTrainedConfig]:
    """Return the float32 network of a folder, and its configuration.

    mlx-lm does not know `rope_parameters`, in which Transformers 5 writes the base of rotary
    embeddings, and would take its own default.
    """
    device("auto")
    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    network, described = load_model(folder, model_config=_rope(config))
    if "quantization" in described:
        network = dequantize_model(network)
        for name in {"quantization", "quantization_config"} & vars(config).keys():
            delattr(config, name)
    config.dtype = "float32"
    network.set_dtype(mx.float32)
    mx.eval(network.parameters())
    return network.eval(), config


def _rope(config: PreTrainedConfig) -> dict[str, Any]:
    """Return the settings of rotary embeddings under the names that mlx-lm reads."""
    rope = dict(getattr(config, "rope_parameters", None) or {})
    if "rope_theta" not in rope:  # there is none, or one for each kind of layer
        return {}
    scaled = rope.get("rope_type", "default") != "default"
    return {"rope_theta": rope["rope_theta"], "rope_scaling": rope if scaled else None}


def _check_sizes(settings: Settings, config: PreTrainedConfig, tokenizer: Any) -> None:
    """Raise UserError if there are more tokens than embeddings, or too few positions."""
    known, needed = config.get_text_config().vocab_size, max(tokenizer.get_vocab().values()) + 1
    if needed > known:
        raise UserError(
            f"model.name {settings.name}: its tokenizer has {needed:,} tokens, but its weights "
            f"have {known:,} embeddings only: the two are of different models; {OTHER}."
        )
    declared = getattr(config.get_text_config(), "max_position_embeddings", None)
    limit = min(tokenizer.model_max_length, declared or settings.max_tokens)
    if limit < settings.max_tokens:
        raise UserError(
            f"model.max_tokens {settings.max_tokens}: {settings.name} reads at most {limit} "
            f"tokens: set model.max_tokens {limit}."
        )
