"""The training loop: AdamW, warmup and cosine, early stopping, the best weights kept.

The order of rows, the learning rate and the random numbers are functions of seed and step, so a run
that was killed and goes on from its last checkpoint ends with the same bits as one that was not.
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
from .training.checkpoint import keep, resume, save
from .training.objective import Objective
from .training.origin import Advice, begin, teacher
from .training.plan import Plan, schedule
from .training.rows import Rows, inputs_of
from .training.state import State


def fit(config: Config, splits: Splits, log: Log, run: Path) -> Model:
    """Return the model with the weights that had the lowest validation loss.

    Losses, learning rate, gradient norm, samples per second and memory go to `log` after each
    epoch, checkpoints to run/checkpoint; if one is there already, training goes on from it. Of the
    processes that torchrun starts, the first one alone writes.
    """
    settings, checkpoint = config.train, run / "checkpoint/last.safetensors"
    with parallel.joined(settings) as place:
        place.seed(config.seed)
        model = begin(config, splits)
        objective = Objective(config, splits.train)
        train = Rows(splits.train, Samples(model, splits.train.inputs, config), objective)
        val = Rows(splits.val, Samples(model, splits.val.inputs), objective)
        plan = Plan(config, train.balance, place)
        state = State(model.network, settings, place)
        advise = teacher(config, splits, model, place)
        resume(state, checkpoint)
        inputs = inputs_of(train, plan, state.step, settings.workers)
        for step in tqdm(range(state.step, plan.steps), "   train", disable=None, leave=False):
            if state.waited >= settings.patience:
                break
            place.seed(int(plan.seeds[step]))
            rate = settings.learning_rate * schedule(step, plan.steps, settings.warmup)
            state.set_rate(rate, model.rates(config, step // plan.epoch))
            _update(state, plan, train, inputs, advise)
            if state.step % plan.epoch == 0:
                _judge(state, plan, val, log)
            if state.due(plan.epoch):
                save(state, checkpoint)
        if place.rank == 0:
            model.network.load_state_dict(state.kept)
    return model


def refit(model: Model, config: Config, splits: Splits) -> Model:
    """Return `model`: a network's best step says little about a fit on more rows."""
    return model


def _update(state: State, plan: Plan, rows: Rows, inputs: Iterator[Tensor], advise: Advice) -> None:
    """Take one step of the optimizer.

    The loss of each part is divided by the weight of the whole batch: so the gradient is the same
    however processes, which average theirs, and accumulation split the batch.
    """
    weight = rows.weight(plan.batch(state.step)) / state.place.world
    for part in plan.parts(state.step):
        given = next(inputs).to(state.place.device)
        with state.autocast():
            outputs, advice = state.trained(given), advise(given)
        loss = rows.loss(outputs, part, weight, advice)
        state.scaler.scale(loss).backward()
        state.loss += loss.detach()
    state.scaler.unscale_(state.optimizer)
    state.norm = clip_grad_norm_(state.weights, state.settings.clip_norm)
    state.scaler.step(state.optimizer)
    state.scaler.update()
    state.optimizer.zero_grad()
    state.advance()


def _judge(state: State, plan: Plan, val: Rows, log: Log) -> None:
    """End an epoch: log it, and keep the weights if validation has never been better."""
    metrics = state.metrics(_loss(state, val), plan.size)
    if not math.isfinite(metrics["val_loss"]):
        raise UserError(f"the loss is no number at step {state.step}: lower train.learning_rate.")
    log(state.step, metrics)
    if state.improves(metrics["val_loss"]):
        keep(state)


def _loss(state: State, rows: Rows) -> float:
    """Return the mean loss of all rows, each process taking its share of them."""
    network, total = state.judged.eval(), torch.zeros((), device=state.place.device)
    with torch.no_grad(), state.autocast():
        for part, inputs in rows.shares(state.place):
            total += rows.loss(network(inputs)[: len(part)], part)
    network.train()
    return state.place.sum(total) / rows.weight(slice(None))
