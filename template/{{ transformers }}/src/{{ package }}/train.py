"""Fine-tuning with the Trainer of transformers: the best weights are kept, a killed run goes on.

The order of rows is a function of seed and epoch, and a checkpoint holds the random numbers' state,
so a run that goes on from its last checkpoint ends with the same bits as one that was not killed.
"""

import json
from pathlib import Path

from transformers import PrinterCallback, set_seed

from .config import Config
from .model import Model, build
from .toolkit.runs import Log, say, write_text
from .toolkit.tables.split import Splits
from .training.adapters import adapted, merged
from .training.arguments import arguments, explained
from .training.batches import Loss, Rows
from .training.progress import IS_MAIN_PROCESS, Patience, Progress
from .training.tuner import Tuner


def fit(config: Config, splits: Splits, log: Log, run: Path) -> Model:
    """Return the model with the weights that had the lowest validation loss.

    Losses, learning rate, gradient norm, speed and memory go to `log` at each check, checkpoints to
    run/checkpoint; if one is there already, training goes on from it. Of the processes that
    torchrun starts, the first one alone writes.
    """
    settings, folder = config.train, run / "checkpoint"
    args = arguments(config, len(splits.train.targets), folder)
    set_seed(config.seed)
    model = build(config, splits)
    rows = {"train": Rows(model, splits.train), "val": Rows(model, splits.val)}
    loss = Loss(config, splits.train.targets)
    if cut := rows["train"].cut:
        share, limit = cut / len(rows["train"]), model.max_tokens
        _warn(run, f"model.max_tokens: {share:.1%} of the training texts are cut at {limit}.")
    trainer = Tuner(
        settings,
        rows["train"],
        model=adapted(model.network, config),
        args=args,
        eval_dataset=rows["val"],
        compute_loss_func=loss,
        compute_metrics=loss.judge,
        callbacks=[Progress(log), Patience(settings.patience, settings.tolerance)],
    )
    trainer.remove_callback(PrinterCallback)
    with explained():
        trainer.train(resume_from_checkpoint=_newest(folder))
    model.network = merged(trainer)
    return model


def refit(model: Model, config: Config, splits: Splits) -> Model:
    """Return `model`: a network's best step says little about a fit on more rows."""
    return model


def _warn(run: Path, text: str) -> None:
    """Say it now, and again in the report; a trial of `tune` has none."""
    say("warning", text)
    path = run / "data.json"
    if IS_MAIN_PROCESS and path.exists():
        manifest = json.loads(path.read_text(encoding="utf-8"))
        manifest["profile"]["warnings"].append(text)
        write_text(path, json.dumps(manifest, indent=2))


def _newest(folder: Path) -> str | None:
    """Return the last checkpoint that was written to its end: its state comes last."""
    found = {int(path.name.split("-")[1]): path for path in folder.glob("checkpoint-*")}
    whole = [step for step, path in found.items() if _whole(path / "trainer_state.json")]
    return str(found[max(whole)]) if whole else None


def _whole(state: Path) -> bool:
    try:
        return bool(json.loads(state.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return False
