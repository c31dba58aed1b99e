"""The finished runs that a new one comes from: whose weights it begins with, and who teaches it."""

import json
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from ..config import Config, load
from ..model import Model, build
from ..predict import lineage
from ..predict import load as load_model
from ..toolkit.runs import UserError
from ..toolkit.tables.split import Splits
from .parallel import Place
from .pruning import prune

SHAPES = {"name", "width", "depth", "size"}  # settings that a network's weights depend on
Advice = Callable[[Tensor], Tensor | None]


def begin(config: Config, splits: Splits) -> Model:
    """Return what training begins with: an untrained model, or train.start's, pruned or not."""
    settings = config.train
    if settings.start is None:
        if settings.prune:
            raise UserError("train.prune: name the run that is to be pruned, in train.start.")
        return build(config, splits)
    model = _open("start", config, splits)
    if settings.prune:
        model.shape["hidden"] = prune(model.network, settings.prune)
        if not model.shape["hidden"]:
            raise UserError(
                f"train.prune: {config.model.name} has no units that can go: "
                "let it teach a smaller network, with train.teacher."
            )
    model.shape["dropout"] = config.model.dropout
    begun = Model.restore(model.describe())
    begun.network.load_state_dict(model.network.state_dict())
    return begun


def teacher(config: Config, splits: Splits, model: Model, place: Place) -> Advice:
    """Return what train.teacher says of a batch of inputs: logits or values, or None without one.

    It is asked what its student is asked, and never trained.
    """
    if config.train.teacher is None:
        return lambda inputs: None
    known = _open("teacher", config, splits)
    if known.reads() != model.reads():
        raise UserError(
            f"train.teacher: {config.train.teacher} was trained with another data.size or "
            "model.min_category_rows: a student has to see what its teacher sees."
        )
    network = known.network.eval().requires_grad_(False).to(place.device)

    @torch.no_grad()
    def advise(inputs: Tensor) -> Tensor:
        return network(inputs).float()

    return advise


def _open(role: str, config: Config, splits: Splits) -> Model:
    """Return the model of a finished run that was asked the same of the same rows.

    UserError otherwise: it may have learnt from rows that are held out here.
    """
    key, name, run = f"train.{role}", getattr(config.train, role), lineage(config).get(role)
    if run is None or not (run / "model/decision.json").exists():
        raise UserError(f"{key}: {name} is no finished run in {config.paths.runs} or elsewhere.")
    facts = json.loads((run / "data.json").read_text(encoding="utf-8"))
    if facts["split_sha256"] != splits.manifest["split_sha256"]:
        raise UserError(
            f"{key}: {name} was trained on another split, so it may know rows that are held out "
            "here: train it anew, on this data and with this seed."
        )
    trained, labels = load(run / "config.yaml", {}), splits.schema.labels
    known = [*facts["profile"]["target"]] if labels else None
    if (trained.data.target, known) != (config.data.target, labels):
        raise UserError(f"{key}: {name} predicts {trained.data.target}, as {known}, not as here.")
    if role == "start":
        _expect_shape(key, run, trained, config)
    return load_model(run / "model")


def _expect_shape(key: str, run: Path, trained: Config, config: Config) -> None:
    """Raise UserError unless the settings are those of the network that training begins with."""
    known, wanted = (
        c.model.model_dump(include=SHAPES) | c.data.model_dump(include=SHAPES)
        for c in (trained, config)
    )
    for name, value in known.items():
        if wanted[name] != value:
            raise UserError(
                f"{key}: {run.name} has {name} {value}, not {wanted[name]}: "
                f"give its settings too, --config {run / 'config.yaml'}."
            )
