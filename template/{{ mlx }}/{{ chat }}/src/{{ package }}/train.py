"""Fine-tuning of language models with MLX: keeps the best weights, resumes killed runs.

The order of rows, the learning rate and the random numbers are functions of seed and step, so a
killed run that resumes from its last checkpoint ends with bit-identical weights on a CPU.
"""

import math
from functools import partial
from pathlib import Path

from tqdm import tqdm

from .config import Config
from .model import Model, build
from .pretrained import check_exports
from .toolkit.runs import Log, UserError
from .toolkit.tables.split import Splits
from .training.batches import Rows
from .training.device import ready
from .training.lengths import report_truncated
from .training.lora import add_adapters, merge_adapters
from .training.plan import Plan, schedule
from .training.progress import Progress
from .training.tuner import Tuner, rate


def fit(config: Config, splits: Splits, log: Log, run: Path) -> Model:
    """Return the model with the weights that had the lowest validation loss.

    Losses, learning rate, gradient norm, speed and memory go to `log` at each validation, which
    ends with a checkpoint in run/checkpoint; training resumes from one that is there.
    """
    settings, checkpoint = config.train, run / "checkpoint/last.safetensors"
    with ready(config) as process:
        model = build(config, splits)
        check_exports(model, config)
        train, val = Rows(model, splits.train), Rows(model, splits.val)
        report_truncated(train.truncated, len(train), model.max_tokens, run)
        order = partial(train.order, size=settings.batch_size, seed=config.seed)
        plan = Plan(config, len(train), order, process)
        add_adapters(model.network, settings)
        tuner, progress = Tuner(model.network, settings), Progress(settings, process)
        progress.resume(tuner, checkpoint)
        every = settings.check_steps or plan.epoch
        for step in tqdm(range(progress.step, plan.steps), "   train", disable=None, leave=False):
            if progress.waited >= settings.patience:
                break
            now = rate(config) * schedule(step, plan.steps, settings.warmup)
            progress.advance(*tuner.step(train.parts(plan, step), now, int(plan.seeds[step])), now)
            if progress.step % every == 0 or progress.step == plan.steps:
                metrics = _validate(progress, tuner, val, plan)
                metrics["tokens_per_second"] = metrics["samples_per_second"] * train.mean_length
                log(progress.step, metrics)
                progress.save(tuner, checkpoint)
        tuner.finish(progress.best_weights)
        merge_adapters(model.network)
    return model


def refit(model: Model, config: Config, splits: Splits) -> Model:
    """Return `model`: the best step on fewer rows says little about a fit on more."""
    return model


def _validate(progress: Progress, tuner: Tuner, val: Rows, plan: Plan) -> dict[str, float]:
    """Return the metrics since the last validation; keep the weights if the loss is the lowest."""
    loss = sum(tuner.loss(part) for part in val.chunks(plan.size // plan.split))
    metrics = progress.metrics(loss, plan.size)
    metrics["memory_mb"] = tuner.peak_memory() / 1e6
    if not math.isfinite(metrics["train_loss"] + loss):
        step = progress.step
        raise UserError(f"the loss is not finite at step {step}: lower train.learning_rate.")
    if progress.improves(loss):
        progress.best_weights = tuner.weights()
    return metrics
