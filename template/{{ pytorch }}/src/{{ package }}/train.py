"""The training loop: AdamW, warmup and cosine decay, early stopping, the best weights kept.

The order of rows, the learning rate and the random numbers are functions of seed and step, so a
killed run that resumes from its last checkpoint ends with bit-identical weights.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from tqdm import tqdm

from .config import Config
from .model import Model, Samples
from .toolkit.runs import Log, UserError
from .toolkit.tables.split import Splits
from .training import parallel
from .training.checkpoint import keep_best, resume, save
from .training.objective import Objective
from .training.origin import Teacher, initial_model, load_teacher
from .training.plan import Plan, schedule
from .training.rows import Rows, check_batch, input_batches
from .training.state import State


def fit(config: Config, splits: Splits, log: Log, run: Path) -> Model:
    """Return the model with the weights that had the lowest validation loss.

    Losses, learning rate, gradient norm, samples per second and memory go to `log` after each
    epoch, checkpoints to run/checkpoint; if there is one already, training resumes from it. Of
    the processes that torchrun starts, only the first one writes.
    """
    settings, checkpoint = config.train, run / "checkpoint/last.safetensors"
    with parallel.process_group(settings) as process:
        process.seed(config.seed)
        model = initial_model(config, splits)
        objective = Objective(config, splits.train)
        train = Rows(splits.train, Samples(model, splits.train.inputs, config), objective)
        val = Rows(splits.val, Samples(model, splits.val.inputs), objective)
        plan = Plan(config, train.balance, process)
        check_batch(model.network, train, plan)
        state = State(model.network, settings, process)
        teacher = load_teacher(config, splits, model, process)
        resume(state, checkpoint)
        inputs = input_batches(train, plan, state.step, settings.workers)
        for step in tqdm(range(state.step, plan.steps), "   train", disable=None, leave=False):
            if state.waited >= settings.patience:
                break
            process.seed(int(plan.seeds[step]))
            rate = settings.learning_rate * schedule(step, plan.steps, settings.warmup)
            state.set_rate(rate, model.rates(config, step // plan.epoch))
            _update(state, plan, train, inputs, teacher)
            if state.step % plan.epoch == 0:
                _validate(state, plan, val, log)
            if state.checkpoint_due(plan.epoch):
                save(state, checkpoint)
        if process.rank == 0:
            model.network.load_state_dict(state.best_weights)
    return model


def refit(model: Model, config: Config, splits: Splits) -> Model:
    """Return `model`: the best step of a network says little about training on more rows."""
    return model


def _update(
    state: State, plan: Plan, rows: Rows, inputs: Iterator[Tensor], teacher: Teacher
) -> None:
    """Take one step of the optimizer.

    The loss of each micro-batch is divided by the weight of the batch, so the gradient does not
    depend on how processes (which average theirs) and accumulation split the batch.
    """
    weight = rows.weight(plan.batch(state.step)) / state.process.world
    for micro_batch in plan.micro_batches(state.step):
        batch = next(inputs).to(state.process.device)
        with state.autocast():
            outputs, teacher_outputs = state.trained(batch), teacher(batch)
        loss = rows.loss(outputs, micro_batch, weight, teacher_outputs)
        state.scaler.scale(loss).backward()
        state.loss += loss.detach()
    state.scaler.unscale_(state.optimizer)
    state.norm = clip_grad_norm_(state.weights, state.settings.clip_norm)
    state.scaler.step(state.optimizer)
    state.scaler.update()
    state.optimizer.zero_grad()
    state.advance()


def _validate(state: State, plan: Plan, val: Rows, log: Log) -> None:
    """End an epoch: log its metrics, and keep the weights if the validation loss is the lowest."""
    metrics = state.metrics(_loss(state, val), plan.size)
    if not math.isfinite(metrics["val_loss"]):
        raise UserError(f"the loss is not finite at step {state.step}: lower train.learning_rate.")
    log(state.step, metrics)
    if state.improves(metrics["val_loss"]):
        keep_best(state)


def _loss(state: State, rows: Rows) -> float:
    """Return the mean loss of all rows, shared out among the processes."""
    network, total = state.eval_network.eval(), torch.zeros((), device=state.process.device)
    with torch.no_grad():
        for own, inputs in rows.local_chunks(state.process):
            with state.autocast():  # the network alone: sums of losses need float32
                outputs = network(inputs)
            total += rows.loss(outputs[: len(own)], own)
    network.train()
    return state.process.sum(total) / rows.weight(slice(None))
