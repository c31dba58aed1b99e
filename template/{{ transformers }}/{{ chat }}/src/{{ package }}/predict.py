"""Save, load, and ask, apart from training. A saved model holds no pickle.

The folder is one that transformers and vLLM know: `pipeline("text-generation", folder)` takes it.
"""

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from .config import Config
from .decoder import register
from .library import placed, quiet
from .model import Model
from .toolkit.chats.tokens import ask, whole
from .toolkit.runs import UserError, replacing, write_text
from .training import apart
from .training.likelihood import Row, filled, losses, windows

BATCH = 8  # conversations at once
PROMPT = "prompt.json"  # if there is one


def predict(model: Model, inputs: pd.DataFrame) -> np.ndarray:
    """Return (rows, 2) float32: the nats that each `answer` costs after its `prompt`, its tokens.

    Nats are the sum over all of an answer's tokens, the end of its turn included, of the negative
    log-likelihood; one that there is no room for is read piece by piece. Of prompts without
    answers, return what the model says: (rows,) str objects.
    """
    if "answer" not in inputs:
        return np.array(_said(model, inputs), object)
    pairs = zip(inputs["prompt"], inputs["answer"], strict=True)
    rows = [whole(model.tokenizer, prompt, answer) for prompt, answer in pairs]
    parts = [[*windows(*row, model.max_tokens)] for row in rows]
    owners = np.repeat(np.arange(len(rows)), [*map(len, parts)])
    found = np.zeros((len(rows), 2), np.float32)
    np.add.at(found, owners, _judged(model, [*chain.from_iterable(parts)]))
    return found


def _judged(model: Model, pieces: list[Row]) -> np.ndarray:
    found = np.zeros((len(pieces), 2), np.float32)
    with torch.inference_mode():
        for part in _batches(np.array([len(ids) for ids, _ in pieces])):
            made = filled([pieces[piece] for piece in part], model.network.config.pad_token_id)
            batch = {name: tensor.to(model.network.device) for name, tensor in made.items()}
            labels = batch.pop("labels")
            found[part] = losses(model.network(**batch).logits, labels).cpu().numpy()
    return found


def _said(model: Model, inputs: pd.DataFrame) -> list[str]:
    """Return the likeliest answer to each `prompt`, token by token."""
    most, pad = model.network.generation_config.max_new_tokens, model.network.config.pad_token_id
    asked = [ask(model.tokenizer, prompt) for prompt in inputs["prompt"]]
    asked = [ids[-max(1, model.max_tokens - most) :] for ids in asked]
    told = [""] * len(asked)
    for part in _batches(np.array(list(map(len, asked)))):
        batch = _begun([asked[row] for row in part], pad, model.network.device)
        with torch.inference_mode():
            ids: Tensor = model.network.generate(**batch)  # type: ignore[operator]
        for row, answer in zip(part, ids[:, batch["input_ids"].shape[1] :], strict=True):
            told[row] = str(model.tokenizer.decode(answer, skip_special_tokens=True)).strip()
    return told


def _batches(lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Yield rows of like length together."""
    order = lengths.argsort(kind="stable")
    return iter(np.split(order, range(BATCH, len(order), BATCH)))


def _begun(rows: list[list[int]], pad: int, device: torch.device) -> dict[str, Tensor]:
    """Return prompts together; they are filled up in front, since answers follow behind."""
    length = max(map(len, rows))
    ids = torch.tensor([[pad] * (length - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (length - len(row)) + [1] * len(row) for row in rows])
    return {"input_ids": ids.to(device), "attention_mask": mask.to(device)}


def save(model: Model, folder: Path) -> None:
    """Write configuration, weights, tokenizer, template and prompt: the same model, the same bytes.

    The template holds the messages of the prompt; PROMPT says where they come from.
    """
    with replacing(folder) as scratch:
        apart.write(model.network, scratch)
        model.tokenizer.save_pretrained(scratch)
        if model.prompt:
            write_text(scratch / PROMPT, json.dumps(model.prompt, indent=2) + "\n")


def load(folder: Path) -> Model:
    """Return the model that `save` wrote."""
    if not (folder / "config.json").exists():
        raise UserError(f"{folder / 'config.json'} is missing: run `train` first.")
    quiet()
    register()
    network: Any = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    path = folder / PROMPT
    prompt = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    return Model(placed(apart.read(network, folder)), tokenizer, prompt)


def lineage(config: Config) -> dict[str, Path]:
    """Return the runs that a model comes from, by the setting that names each: none."""
    return {}
