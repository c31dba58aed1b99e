"""Pretrained models of any framework: why one can't be loaded or exported, and its warnings."""

import warnings
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from transformers.utils import logging

from .config import Config
from .toolkit.runs import UserError, say

OTHER = "choose another model.name"


def reason(name: str, error: Exception) -> str:
    """Return why a model can't be loaded, in one sentence without its full stop."""
    folder, text = Path(name), " ".join(str(error).split())
    if folder.is_dir() and not (folder / "config.json").exists():
        return "the folder has no config.json"
    if folder.is_dir() and any(folder.glob("*.bin")) and not any(folder.glob("*.safetensors")):
        return "its weights are pickles, which can run any code: save them as safetensors"
    if "Unrecognized configuration class" in text:
        return "it is a model of another kind"
    if "backend tokenizer" in text:
        return "it has no tokenizer.json"
    return text[:200].rstrip(".")


def check_exports(model: Any, config: Config) -> None:
    """Raise UserError, before training, if a format can't hold the model."""
    for name in config.export.formats:
        converter = import_module(f".toolkit.export.{name.partition('-')[0]}", __package__)
        if not hasattr(converter, "check"):
            continue
        try:
            converter.check(model)
        except UserError as error:
            raise UserError(
                f"{name} can't be made from this model ({error}): set export.formats '[]', or "
                f"{OTHER}."
            ) from None


@cache
def note(text: str) -> None:
    """Print a warning once: `evaluate` builds the model before fine-tuning again."""
    say("warning", text)


def quiet() -> None:
    """Silence transformers' warnings and progress bars."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
