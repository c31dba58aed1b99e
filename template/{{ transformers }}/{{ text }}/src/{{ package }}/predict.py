"""Save, load and predict, separate from training. A saved model holds no pickle.

Transformers can load the folder: `pipeline("text-classification", folder)`.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast

from .config import Config
from .model import InferenceNetwork, Model
from .pretrained import quiet
from .toolkit.runs import UserError, replacing
from .toolkit.texts import tokens
from .toolkit.texts.padding import BATCH, filled, numbers


def predict(model: Model, inputs: pd.DataFrame) -> np.ndarray:
    """Return (rows, classes) float32 probabilities; texts of similar length share a batch."""
    ids = numbers(inputs["text"].tolist(), model.tokenizer)
    order = np.argsort([len(row) for row in ids], kind="stable")
    network = InferenceNetwork(model)
    probabilities = np.zeros((len(ids), len(model.network.config.id2label or {})), np.float32)
    with torch.inference_mode():
        for rows in np.split(order, range(BATCH, len(order), BATCH)):
            batch = filled([ids[row] for row in rows], model.pad)
            probabilities[rows] = network(torch.from_numpy(batch)).numpy()
    return probabilities


def save(model: Model, folder: Path) -> None:
    """Write configuration, weights and tokenizer; the same model gives the same bytes."""
    with replacing(folder) as scratch:
        model.network.save_pretrained(scratch)
        pad_token = model.tokenizer.id_to_token(model.pad)
        wrapped = PreTrainedTokenizerFast(tokenizer_object=model.tokenizer, pad_token=pad_token)
        wrapped.model_max_length = model.max_tokens
        wrapped.save_pretrained(scratch)
        model.tokenizer.save(str(scratch / tokens.FILE))  # the wrapper saved it without truncation


def load(folder: Path) -> Model:
    """Return the model that `save` wrote."""
    file = folder / tokens.FILE
    if not file.exists():
        raise UserError(f"{file} is missing: run `train` first.")
    quiet()
    network = AutoModelForSequenceClassification.from_pretrained(folder, dtype="float32")
    return Model(network, Tokenizer.from_file(str(file)))


def lineage(config: Config) -> dict[str, Path]:
    """Return the runs that a model comes from, by the setting that names each: none."""
    return {}
