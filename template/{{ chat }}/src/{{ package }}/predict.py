"""Save, load and predict, separate from training. A saved model holds no pickle.

Transformers and vLLM can load the folder: `pipeline("text-generation", folder)`.
"""

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from transformers import AutoTokenizer

from .config import Config
from .model import Model
from .pretrained import quiet
from .toolkit.chats.tokens import encode_prompt, encode_untruncated
from .toolkit.runs import UserError, replacing, write_text
from .training.examples import Row, windows

BATCH = 8  # conversations
PROMPT = "prompt.json"  # if there is a prompt


def predict(model: Model, inputs: pd.DataFrame) -> np.ndarray:
    """Return (rows, 2) float32: each answer's negative log-likelihood in nats, and its tokens.

    Both are summed over all tokens of `answer` after its `prompt`, including the end of turn;
    answers that are too long are scored in windows. Without a column `answer`, generate the
    answers instead: (rows,) str objects.
    """
    if "answer" not in inputs:
        return np.array(_generate(model, inputs), object)
    pairs = zip(inputs["prompt"], inputs["answer"], strict=True)
    rows = [encode_untruncated(model.tokenizer, prompt, answer) for prompt, answer in pairs]
    pieces = [[*windows(*row, model.max_tokens)] for row in rows]
    row_of_piece = np.repeat(np.arange(len(rows)), [*map(len, pieces)])
    sums = np.zeros((len(rows), 2), np.float32)
    np.add.at(sums, row_of_piece, _losses(model, [*chain.from_iterable(pieces)]))
    return sums


def _losses(model: Model, pieces: list[Row]) -> np.ndarray:
    sums = np.zeros((len(pieces), 2), np.float32)
    for members in _batches(np.array([len(ids) for ids, _ in pieces])):
        sums[members] = model.losses([pieces[member] for member in members])
    return sums


def _generate(model: Model, inputs: pd.DataFrame) -> list[str]:
    """Return the answer to each `prompt` by greedy decoding."""
    prompts = [encode_prompt(model.tokenizer, prompt) for prompt in inputs["prompt"]]
    prompts = [ids[-max(1, model.max_tokens - model.new_tokens) :] for ids in prompts]
    answers = [""] * len(prompts)
    for members in _batches(np.array(list(map(len, prompts)))):
        written = model.generate([prompts[row] for row in members])
        for row, answer in zip(members, written, strict=True):
            answers[row] = str(model.tokenizer.decode(answer, skip_special_tokens=True)).strip()
    return answers


def _batches(lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the indices of rows in batches of similar length."""
    order = lengths.argsort(kind="stable")
    return iter(np.split(order, range(BATCH, len(order), BATCH)))


def save(model: Model, folder: Path) -> None:
    """Write configuration, weights, tokenizer, template and prompt; deterministic to the byte.

    The template contains the messages of the prompt; PROMPT records their origin.
    """
    with replacing(folder) as scratch:
        model.save(scratch)
        model.tokenizer.save_pretrained(scratch)
        if model.prompt:
            write_text(scratch / PROMPT, json.dumps(model.prompt, indent=2) + "\n")


def load(folder: Path) -> Model:
    """Return the model that `save` wrote."""
    if not (folder / "config.json").exists():
        raise UserError(f"{folder / 'config.json'} is missing: run `train` first.")
    quiet()
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    path = folder / PROMPT
    prompt = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    return Model.load(folder, tokenizer, prompt)


def lineage(config: Config) -> dict[str, Path]:
    """Return the runs that a model comes from, by the setting that names each: none."""
    return {}
