"""The training loop: warmup and cosine decay, early stopping, the best weights kept.

The order of rows, the learning rate and the random numbers are functions of seed and step, so a
killed run that resumes from its last checkpoint ends with bit-identical weights.
"""

import math
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from tqdm import tqdm

from .config import Config
from .model import Model, Samples
from .toolkit.runs import Log, UserError
from .toolkit.tables.split import Splits
from .training.learner import Learner, assign, ready
from .training.objective import Objective
from .training.origin import initial_model, load_teacher
from .training.plan import Plan, Process, schedule
from .training.progress import Progress
from .training.rows import Rows

RECENT = 5  # seconds: the end of an epoch writes no checkpoint if the last one is younger


def fit(config: Config, splits: Splits, log: Log, run: Path) -> Model:
    """Return the model with the weights that had the lowest validation loss.

    Losses, learning rate, gradient norm, samples per second and memory go to `log` after each
    epoch, checkpoints to run/checkpoint; if there is one already, training resumes from it. Of
    several processes, only the first one writes.
    """
    settings, checkpoint = config.train, run / "checkpoint/last.safetensors"
    with ready(config) as process:
        model = initial_model(config, splits)
        objective = Objective(config, splits.train)
        train = Rows(splits.train, Samples(model, splits.train.inputs, config), objective)
        val = Rows(splits.val, Samples(model, splits.val.inputs), objective)
        order = partial(train.order, seed=config.seed)
        plan = Plan(config, len(train.targets), order, process)
        teacher = load_teacher(config, splits, model)
        learner = Learner(model.network, objective, process)
        progress = Progress(settings, process)
        progress.resume(learner, checkpoint)
        batches = train.batches(plan, progress.step, settings.workers)
        for step in tqdm(range(progress.step, plan.steps), "   train", disable=None, leave=False):
            if progress.waited >= settings.patience:
                break
            rate = settings.learning_rate * schedule(step, plan.steps, settings.warmup)
            factors = model.rates(config, step // plan.epoch)
            parts = [replace(part, teacher_outputs=teacher(part.inputs)) for part in next(batches)]
            loss, norm = learner.step(parts, rate, factors, int(plan.seeds[step]))
            progress.advance(loss, norm, rate)
            if progress.step % plan.epoch == 0:
                _validate(progress, learner, val, process, plan.size, log)
            if _checkpoint_due(progress, settings.checkpoint_steps, plan.epoch):
                progress.save(learner, checkpoint)
        if process.rank == 0:
            assign(model.network, progress.best_weights)
    return model


def refit(model: Model, config: Config, splits: Splits) -> Model:
    """Return `model`: the best step of a network says little about training on more rows."""
    return model


def _validate(
    progress: Progress, learner: Learner, val: Rows, process: Process, batch: int, log: Log
) -> None:
    """End an epoch: log its metrics, and keep the weights if the validation loss is the lowest."""
    metrics = progress.metrics(_loss(learner, val, process), batch)
    metrics["memory_mb"] = learner.peak_memory() / 1e6
    if not math.isfinite(metrics["val_loss"]):
        step = progress.step
        raise UserError(f"the loss is not finite at step {step}: lower train.learning_rate.")
    log(progress.step, metrics)
    if progress.improves(metrics["val_loss"]):
        progress.best_weights = learner.weights()


def _checkpoint_due(progress: Progress, steps: int, epoch: int) -> bool:
    """Return whether a checkpoint is due, after some steps or an epoch, in every process alike."""
    if progress.step % steps == 0:
        return True
    if progress.step % epoch:
        return False
    process = progress.process
    return process.sum(time.perf_counter() - progress.saved) > RECENT * process.world


def _loss(learner: Learner, rows: Rows, process: Process) -> float:
    """Return the mean loss of all rows, shared out among the processes."""
    total = sum(learner.loss(part) for part in rows.chunks(process))
    return process.sum(total) / rows.weight(slice(None))
