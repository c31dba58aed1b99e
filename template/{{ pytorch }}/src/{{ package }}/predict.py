"""Save, load and predict, separately from training. A saved model contains no pickle."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file

from .config import Config
from .model import Model, Samples
from .toolkit.runs import UserError, replacing, write_text
from .training.objective import answering

CHUNK = 1024  # rows per forward pass


def predict(model: Model, inputs: pd.DataFrame) -> np.ndarray:
    """Return (rows, classes) probabilities or (rows,) values, float32; inputs are canonical."""
    network, samples = answering(model.network), Samples(model, inputs)
    parts = np.split(np.arange(len(inputs)), range(CHUNK, len(inputs), CHUNK))
    with torch.inference_mode():
        return np.concatenate([network(samples.take(rows)).numpy() for rows in parts])


def save(model: Model, folder: Path) -> None:
    """Write model.json and weights.safetensors; the same model gives the same bytes."""
    write_text(folder / "model.json", json.dumps(model.describe(), indent=2) + "\n")
    with replacing(folder / "weights.safetensors") as scratch:
        save_file(model.network.state_dict(), scratch)


def load(folder: Path) -> Model:
    """Return the model that `save` wrote."""
    try:
        description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        model = Model.restore(description)
        model.network.load_state_dict(load_file(folder / "weights.safetensors"))
    except FileNotFoundError as error:
        raise UserError(f"{error.filename} is missing: run `train` first.") from None
    return model


def lineage(config: Config) -> dict[str, Path]:
    """Return the runs that a model builds on, by the setting that names each, if they exist."""
    names = {"start": config.train.start, "teacher": config.train.teacher}
    paths = {role: (config.paths.runs / name, Path(name)) for role, name in names.items() if name}
    found = {role: next(filter(Path.is_dir, each), None) for role, each in paths.items()}
    return {role: run for role, run in found.items() if run}
