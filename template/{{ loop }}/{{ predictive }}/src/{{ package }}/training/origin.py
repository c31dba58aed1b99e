"""The finished runs that a new one builds on: its initial weights, and its teacher."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..config import Config, load
from ..model import Model, build
from ..networks import hidden
from ..predict import lineage
from ..predict import load as load_model
from ..toolkit.runs import UserError, read_json
from ..toolkit.tables.split import Splits
from .learner import assign, outputs, tensors
from .pruning import prune

Teacher = Callable[[np.ndarray], np.ndarray | None]
SHAPES = {"name", "width", "depth", "size"}  # settings that determine the shapes of the weights


def initial_model(config: Config, splits: Splits) -> Model:
    """Return the model that training starts from: a new one, or train.start's, pruned or not."""
    settings = config.train
    if settings.start is None:
        if settings.prune:
            raise UserError("train.prune: set train.start to the run to prune.")
        return build(config, splits)
    model = _load_finished("start", config, splits)
    weights = tensors(model.network)
    if settings.prune:
        weights, sizes = prune(weights, hidden(model.network), settings.prune)
        if not sizes:
            raise UserError(
                f"train.prune: {config.model.name} has no units that can be pruned: "
                "use it as train.teacher of a smaller network instead."
            )
        model.shape["hidden"] = sizes
    model.shape["dropout"] = config.model.dropout
    restored = Model.restore(model.describe(), model.fitted)
    assign(restored.network, weights)
    return restored


def load_teacher(config: Config, splits: Splits, model: Model) -> Teacher:
    """Return the function from a batch of inputs to the logits or values of train.teacher.

    Without a teacher the function returns None.
    """
    if config.train.teacher is None:
        return _no_teacher
    trained = _load_finished("teacher", config, splits)
    if trained.preprocessing() != model.preprocessing():
        raise UserError(
            f"train.teacher: {config.train.teacher} was trained with another data.size or "
            "model.min_category_rows: set the same values, so that both get the same inputs."
        )
    return outputs(trained.network, config.train.device)


def _no_teacher(inputs: np.ndarray) -> None:
    return None


def _load_finished(role: str, config: Config, splits: Splits) -> Model:
    """Return the model of a finished run with the same split, target and labels.

    UserError otherwise: it may have been trained on rows that are held out here.
    """
    key, name, run = f"train.{role}", getattr(config.train, role), lineage(config).get(role)
    if run is None or not (run / "model/decision.json").exists():
        raise UserError(f"{key}: {name} is not a finished run in {config.paths.runs} or elsewhere.")
    facts = read_json(run / "data.json")
    if facts["split_sha256"] != splits.manifest["split_sha256"]:
        raise UserError(
            f"{key}: {name} was trained on another split, so it may have seen rows that are held "
            "out here: retrain it on this data with this seed."
        )
    trained, labels = load(run / "config.yaml", {}), splits.schema.labels
    known = [*facts["profile"]["target"]] if labels else None
    if (trained.data.target, known) != (config.data.target, labels):
        raise UserError(
            f"{key}: {name} predicts {trained.data.target} ({known or 'numbers'}), not as here: "
            "name one with the same target and labels."
        )
    if role == "start":
        _expect_shape(key, run, trained, config)
    return load_model(run / "model")


def _expect_shape(key: str, run: Path, trained: Config, config: Config) -> None:
    """Raise UserError unless the settings are those of the network that training starts from."""
    known, wanted = (
        c.model.model_dump(include=SHAPES) | c.data.model_dump(include=SHAPES)
        for c in (trained, config)
    )
    for name, value in known.items():
        if wanted[name] != value:
            raise UserError(
                f"{key}: {run.name} has {name} {value}, not {wanted[name]}: "
                f"use its settings, --config {run / 'config.yaml'}."
            )
