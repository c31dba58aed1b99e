"""Save, load and predict, separately from training. A saved model contains no pickle."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import load_file, save_file

from .config import Config
from .model import Model, Samples
from .toolkit.runs import UserError, replacing, write_text
from .training.learner import assign, outputs, tensors

CHUNK = 1024  # rows per forward pass


def predict(model: Model, inputs: pd.DataFrame) -> np.ndarray:
    """Return (rows, classes) probabilities or (rows,) values, float32; inputs are canonical."""
    answers, samples = outputs(model.answering()), Samples(model, inputs)
    parts = np.split(np.arange(len(inputs)), range(CHUNK, len(inputs), CHUNK))
    return np.concatenate([answers(samples.take(rows)) for rows in parts])


def save(model: Model, folder: Path) -> None:
    """Write model.json and weights.safetensors; the same model gives the same bytes."""
    write_text(folder / "model.json", json.dumps(model.describe(), indent=2) + "\n")
    with replacing(folder / "weights.safetensors") as scratch:
        save_file(model.fitted | tensors(model.network), scratch)


def load(folder: Path) -> Model:
    """Return the model that `save` wrote."""
    try:
        description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        found = load_file(folder / "weights.safetensors")
    except FileNotFoundError as error:
        raise UserError(f"{error.filename} is missing: run `train` first.") from None
    model = Model.restore(description, found)
    weights = {name: tensor for name, tensor in found.items() if name not in model.fitted}
    assign(model.network, weights)
    return model


def lineage(config: Config) -> dict[str, Path]:
    """Return the runs that a model builds on, by the setting that names each, if they exist."""
    names = {"start": config.train.start, "teacher": config.train.teacher}
    paths = {role: (config.paths.runs / name, Path(name)) for role, name in names.items() if name}
    found = {role: next(filter(Path.is_dir, each), None) for role, each in paths.items()}
    return {role: run for role, run in found.items() if run}
