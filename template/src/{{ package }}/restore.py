"""Load a trained run: its model, and the same rows in the same splits."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from . import predict
from .config import Config
from .data import load_all
from .toolkit import runs
from .toolkit.evaluation import metrics
from .toolkit.evaluation.compare import BEFORE
from .toolkit.export.measure import Predict, exported
from .toolkit.tables.split import Splits

SAMPLE = 10  # validation rows whose predictions are kept with a model


def sample(splits: Splits) -> Any:
    """Return the inputs of some validation rows: the same, however the file is sorted."""
    return splits.val.inputs.iloc[np.argsort(splits.val.ids, kind="stable")[:SAMPLE]]


def load_run(run: Path, config: Config) -> tuple[Any, Any, Any, float | None]:
    """Return the model, its training and validation rows, its test rows and its threshold."""
    decision = run / "model" / "decision.json"
    if not decision.exists():
        raise runs.UserError(f"{run} is unfinished: run `train --resume --run {run.name}`.")
    splits, test = load_all(config)
    check_unchanged(run, splits)
    decided = runs.read_json(decision)
    model = _load(run / "model")
    _check_predictions(run, model, splits, decided.get("sample"))
    return model, splits, test, decided["threshold"]


def _load(folder: Path) -> Any:
    """Return a saved model; UserError if it can't be read."""
    try:
        return predict.load(folder)
    except (runs.UserError, MemoryError):
        raise
    except Exception as error:  # such as half a file, or weights of another shape
        reason = f"{folder} can't be read ({' '.join(str(error).split())[:200]})"
        advice = "it is damaged, or the code has changed since: undo that, or train again"
        raise runs.UserError(f"{reason}: {advice}.") from error


def _check_predictions(run: Path, model: Any, splits: Splits, then: list[Any] | None) -> None:
    """Raise UserError if the code now predicts otherwise than it did after training."""
    if then is None:  # an older run
        return
    reason = "its predictions differ from those after training, so the code has changed since"
    try:
        now = predict.predict(model, sample(splits))
        same = np.allclose(now, then, rtol=1e-3, atol=1e-4, equal_nan=True)
    except (runs.UserError, MemoryError):
        raise
    except Exception as error:  # such as another number of features
        raise runs.UserError(f"{run}: {reason} ({error}): undo that, or train again.") from error
    if not same:
        raise runs.UserError(f"{run}: {reason}: undo that, or train again.")


def check_unchanged(run: Path, splits: Splits) -> None:
    """Raise UserError if the rows, targets or related files have changed since a run."""
    manifest = runs.read_json(run / "data.json")
    if changed := _changed(manifest, splits):
        reason = f"{changed} changed since {run} was trained"
        raise runs.UserError(f"{reason}: undo that, or run `train` again.")


def _changed(then: dict[str, Any], splits: Splits) -> str:
    """Return what differs from a run's manifest, with its verb; "" if nothing does."""
    now = splits.manifest
    if then["split_sha256"] != now["split_sha256"]:
        return "the data has"
    others = now.get("other_files", {})
    for file, digest in then.get("other_files", {}).items():
        if digest != others.get(file):
            return f"{file} has"
    if splits.schema.labels not in (None, [*then["profile"]["target"]]):
        return "the labels, or evaluate.positive, have"
    known = then.get("targets_sha256", now["targets_sha256"])  # missing in old runs
    return "" if known == now["targets_sha256"] else f"the values of {splits.schema.target!r} have"


def trained(folder: Path) -> Predict:
    """Return the predict function of the model that `predict.save` wrote."""
    return partial(predict.predict, predict.load(folder))


def load_earlier(config: Config, name: str | None, splits: Splits) -> dict[str, Any]:
    """Return the model of the run `name`, of any framework; an empty dict without a name.

    It is the export if metrics accept its outputs, else the trained model. UserError if it is
    missing, or may have been trained on rows that are now in the test set.
    """
    if name is None:
        return {}
    run, served = runs.find(config.paths.runs, name), config.data.SERVED
    folder = run / "export" / served if metrics.OF_EXPORTS else run / "model"
    if not folder.is_dir():
        raise runs.UserError(f"--against {name}: {folder} is missing: name a run that has it.")
    model: Any = exported(served, folder) if metrics.OF_EXPORTS else trained(folder)
    labels = model.contract["outputs"]["labels"] if metrics.OF_EXPORTS else splits.schema.labels
    manifest = runs.read_json(run / "data.json")
    then, now = manifest["split_sha256"], splits.manifest["split_sha256"]
    if (then, labels) != (now, splits.schema.labels):
        reason = "was trained on other data or on other splits"
        raise runs.UserError(f"--against {name}: {run} {reason}: name a run with the same rows.")
    return {BEFORE: model}
