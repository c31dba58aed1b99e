"""Fine-tuning with the Trainer of transformers: keeps the best weights, resumes killed runs.

The order of rows depends on seed and epoch only, and a checkpoint holds the state of the random
number generators, so a resumed run ends with the same bits as an uninterrupted one.
"""

from pathlib import Path

from transformers import PrinterCallback, set_seed

from .config import Config
from .model import Model, build
from .pretrained import check_exports
from .toolkit.runs import Log
from .toolkit.tables.split import Splits
from .training.adapters import add_adapters, merge_adapters
from .training.arguments import arguments, explain_errors, newest_checkpoint
from .training.batches import Loss, Rows
from .training.lengths import report_truncated
from .training.progress import IS_MAIN_PROCESS, Patience, Progress
from .training.tuner import Tuner


def fit(config: Config, splits: Splits, log: Log, run: Path) -> Model:
    """Return the model with the weights that had the lowest validation loss.

    Losses, learning rate, gradient norm, speed and memory go to `log` at each validation,
    checkpoints to run/checkpoint; training resumes from one that is there. Of the processes that
    torchrun starts, only the first writes.
    """
    settings, folder = config.train, run / "checkpoint"
    args = arguments(config, len(splits.train.targets), folder)
    set_seed(config.seed)
    model = build(config, splits)
    check_exports(model, config)
    rows = {"train": Rows(model, splits.train), "val": Rows(model, splits.val)}
    loss = Loss(config, splits.train.targets)
    if IS_MAIN_PROCESS:
        report_truncated(rows["train"].truncated, len(rows["train"]), model.max_tokens, run)
    trainer = Tuner(
        settings,
        rows["train"],
        model=add_adapters(model.network, config),
        args=args,
        eval_dataset=rows["val"],
        compute_loss_func=loss,
        compute_metrics=loss.compute_metrics,
        callbacks=[Progress(log), Patience(settings.patience, settings.tolerance)],
    )
    trainer.remove_callback(PrinterCallback)
    with explain_errors():
        trainer.train(resume_from_checkpoint=newest_checkpoint(folder))
    model.network = merge_adapters(trainer)
    return model


def refit(model: Model, config: Config, splits: Splits) -> Model:
    """Return `model`: the best step on fewer rows says little about a fit on more."""
    return model
