"""Save, load and predict, apart from training. A saved model holds no pickle.

The folder is one that transformers knows: `pipeline("text-classification", folder)` takes it.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast

from .config import Config
from .library import quiet
from .model import Answering, Model
from .toolkit.runs import UserError, replacing
from .toolkit.texts import tokens
from .toolkit.texts.padding import BATCH, filled, numbers


def predict(model: Model, inputs: pd.DataFrame) -> np.ndarray:
    """Return (rows, classes) probabilities, float32; texts of like length go together."""
    ids = numbers(inputs["text"].tolist(), model.tokenizer)
    order = np.argsort([len(known) for known in ids], kind="stable")
    answering = Answering(model)
    found = np.zeros((len(ids), len(model.network.config.id2label or {})), np.float32)
    with torch.inference_mode():
        for rows in np.split(order, range(BATCH, len(order), BATCH)):
            part = filled([ids[row] for row in rows], model.pad)
            found[rows] = answering(torch.from_numpy(part)).numpy()
    return found


def save(model: Model, folder: Path) -> None:
    """Write configuration, weights and tokenizer; the same model gives the same bytes."""
    with replacing(folder) as scratch:
        model.network.save_pretrained(scratch)
        told = {"pad_token": model.tokenizer.id_to_token(model.pad)}
        wrapped = PreTrainedTokenizerFast(tokenizer_object=model.tokenizer, **told)
        wrapped.model_max_length = model.max_tokens
        wrapped.save_pretrained(scratch)
        model.tokenizer.save(str(scratch / tokens.FILE))  # which the wrapper left without a limit


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
