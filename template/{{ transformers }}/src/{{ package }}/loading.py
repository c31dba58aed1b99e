"""Load a pretrained model, and find out before training what it can't do."""

import io
from bisect import bisect_left
from collections.abc import Callable, Collection
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer

from .pretrained import OTHER, note, reason
from .settings.model import Model as Settings
from .toolkit.runs import UserError


def load(settings: Settings, auto: Any, new: Collection[str], **options: Any) -> tuple[Any, Any]:
    """Return the network of model.name, which class `auto` loads, and its tokenizer.

    UserError if they are incomplete, do not fit together, are pickles or need code of their own;
    only weights whose name contains one of `new` may be missing.
    """
    name, place = settings.name, settings.name
    if Path(name).suffix == ".gguf":
        place, options["gguf_file"] = str(Path(name).parent), Path(name).name
    else:
        options["use_safetensors"] = True
    options |= {"revision": settings.revision or "main", "trust_remote_code": False}
    try:
        with redirect_stderr(io.StringIO()):  # hides the progress bar of a GGUF file
            tokenizer: Any = AutoTokenizer.from_pretrained(place, **options)
            options |= {"ignore_mismatched_sizes": True, "output_loading_info": True}
            network, report = auto.from_pretrained(place, dtype="float32", **options)
    except Exception as error:  # each library raises its own
        raise UserError(
            f"model.name {name} can't be loaded: {reason(name, error)}; {OTHER}."
        ) from None
    changed = {*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])}
    if missing := sorted(key for key in changed if not any(part in key for part in new)):
        raise UserError(
            f"model.name {name}: {len(missing)} of its weights are missing or have another shape, "
            f"such as {missing[0]}: it is incomplete, or a model of another kind; {OTHER}."
        )
    if not tokenizer.is_fast:
        raise UserError(f"model.name {name}: its tokenizer has no tokenizer.json; {OTHER}.")
    _fit_embeddings(name, network, tokenizer)
    return network, tokenizer


def _fit_embeddings(name: str, network: Any, tokenizer: Any) -> None:
    """Add the mean embedding for tokens that were added to the tokenizer alone."""
    known, vocabulary = network.get_input_embeddings().weight.shape[0], tokenizer.get_vocab()
    added = {*tokenizer.added_tokens_encoder}
    if max(number for token, number in vocabulary.items() if token not in added) >= known:
        raise UserError(
            f"model.name {name}: its tokenizer has {len(vocabulary):,} tokens, but its weights "
            f"have {known:,} embeddings only: the two are of different models; {OTHER}."
        )
    if (needed := max(vocabulary.values()) + 1) > known:
        network.resize_token_embeddings(needed, mean_resizing=False)  # the other way is random
        layers = network.get_input_embeddings(), network.get_output_embeddings()
        with torch.no_grad():
            for layer in filter(None, layers):
                layer.weight[known:] = layer.weight[:known].mean(dim=0)
        note(
            f"model.name {name}: {needed - known} tokens were added to its tokenizer without "
            "embeddings: they start from the mean of the others, and lora does not train them."
        )


def check_length(
    settings: Settings, network: Any, tokenizer: Any, read: Callable[[int], object]
) -> None:
    """Raise UserError if the model reads fewer than `model.max_tokens` tokens.

    `read(count)` passes a text of that many tokens through the network, which tells more than its
    configuration: RoBERTa, for example, counts two positions that no token can take.
    """
    config = network.config.get_text_config()
    declared = getattr(config, "max_position_embeddings", None) or 0
    relative = getattr(config, "relative_attention", False)  # DeBERTa
    if declared < 1 or (relative and not getattr(config, "position_biased_input", True)):
        declared = settings.max_tokens  # without absolute positions there is no limit
    limit = min(settings.max_tokens, tokenizer.model_max_length, declared)
    if _fails(read, limit):
        limit = bisect_left(range(1, limit), True, key=lambda count: bool(_fails(read, count)))
    if not limit:
        reason = " ".join(_fails(read, 1).split())[:200]
        raise UserError(f"model.name {settings.name} can't read a text ({reason}); {OTHER}.")
    if limit < settings.max_tokens:
        raise UserError(
            f"model.max_tokens {settings.max_tokens}: {settings.name} reads at most {limit} "
            f"tokens: set model.max_tokens {limit}."
        )


def _fails(read: Callable[[int], object], count: int) -> str:
    """Return why a text of `count` tokens can't be read, "" if it can."""
    try:
        with torch.inference_mode():
            read(count)
    except (IndexError, RuntimeError, ValueError) as error:
        return str(error) or type(error).__name__
    return ""
