"""Fit on training rows, stop early on validation rows, keep the best rounds.

There is no step to resume from: a fit is a function of config, data and seed, so fitting again
gives the same bytes.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.metrics import log_loss, root_mean_squared_error
from threadpoolctl import threadpool_limits

from .config import Config
from .estimator import Rows
from .estimators import ESTIMATORS
from .model import Model, build
from .predict import predict
from .toolkit.bag import folds, join, members
from .toolkit.config import dump
from .toolkit.runs import Log, say, write_text
from .toolkit.tables.schema import readable
from .toolkit.tables.split import Split, Splits

# Sums of linear algebra depend on how threads share them; trees have their own threads.
one_thread = threadpool_limits.wrap(limits=1, user_api="blas")
MEAN, FELL = 0.1, 0.5  # shares of the initial prediction, and of the loss, for a warning


class Fitted(NamedTuple):
    """A model, its losses as `log` takes them, the one to choose by, and if rounds ran out."""

    model: Model
    losses: list[tuple[float, float]]
    loss: float
    capped: bool


@one_thread
def fit(config: Config, splits: Splits, log: Log, run: Path) -> Model:
    """Return the fitted Pipeline; losses of every round go to `log` (log loss, or RMSE).

    Of a bag, a step is a fold: the losses of its best round on the rows that it was fitted on and
    on those of the fold. Which way of splitting categories was better is written into the run.
    """
    fitted = _fit(config, splits.train, splits)
    if getattr(config.model, "categories", "") == "auto" and _many(fitted.model, config):
        fitted, config = _better(fitted, config, splits)
        write_text(run / "config.yaml", dump(config))
    for step, (train_loss, val_loss) in enumerate(fitted.losses):
        log(step, {"train_loss": _stable(train_loss), "val_loss": _stable(val_loss)})
    if fitted.capped:
        reason = f"the validation loss was still falling after {config.train.rounds:,} rounds"
        say("warning", f"train.rounds: {reason}: raise it, or train.learning_rate.")
    if _stopped_at_the_start(fitted.losses, config):
        best = _best(fitted.losses)
        fell = 1 - fitted.losses[-1][0] / fitted.losses[best][0]
        say(
            "warning",
            f"train.patience: the validation loss was lowest in round {best}, after which the "
            f"training loss fell by {fell:.0%}: the validation rows, {_span(splits, config)}, "
            "differ from the training rows; raise train.patience, or data.val for a longer period.",
        )
    return fitted.model


def _stable(loss: float) -> float:
    """Round off the digits that depend on the number of threads."""
    return float(f"{loss:.9g}")


def _stopped_at_the_start(losses: list[tuple[float, float]], config: Config) -> bool:
    """Return whether later validation rows stopped boosting close to its initial prediction."""
    by_time = getattr(config.data, "time", None) is not None
    if not by_time or not ESTIMATORS[config.model.name].fit:
        return False
    best = _best(losses)
    started = (1 - config.train.learning_rate) ** best < MEAN
    return not started and losses[-1][0] < FELL * losses[best][0]


def _span(splits: Splits, config: Config) -> str:
    """Return the period of the validation rows."""
    columns, time = splits.schema.columns, getattr(config.data, "time", None)
    for column in (each for each in columns if each.name == time):
        values = splits.val.inputs[column.name]
        low, high = (readable(edge, column) for edge in (values.min(), values.max()))
        return f"{column.name} {low} to {high}"
    return "the later ones"


@one_thread
def refit(model: Model, config: Config, splits: Splits) -> Model:
    """Return a model fitted on training and validation rows if `train.refit` says so, else `model`.

    Boosting gets the rounds that `model` kept; a bag is made again, of folds of all these rows.
    Nothing that validation rows tell, such as a threshold, may be measured with the result.
    """
    if not _refits(config, splits):
        return model
    rows, entry = splits.joined(), ESTIMATORS[config.model.name]
    if entry.native and entry.native in members(model[-1])[0].get_params():
        config = _splitting("native", config)
    if config.train.bag > 1:
        return _fit(config, rows, splits).model
    again = build(config, splits)
    targets = again.fitted_to(rows.targets)
    inputs = again[:-1].fit_transform(rows.inputs, targets)
    entry.refit(again[-1], model[-1], (inputs, targets), config)
    return again


def _fit(config: Config, rows: Split, splits: Splits) -> Fitted:
    """Fit one model on `rows`, stopped by the validation rows, or a bag, stopped by its folds."""
    model = build(config, splits)
    encode = model[:-1]
    targets = model.fitted_to(rows.targets)
    train = encode.fit_transform(rows.inputs, targets), targets
    if config.train.bag > 1:
        return _bag(model, train, folds(rows, config.train.bag, config.seed), config)
    val = encode.transform(splits.val.inputs), model.fitted_to(splits.val.targets)
    losses = _estimate(model[-1], train, val, config)
    return Fitted(model, losses, min(loss for _, loss in losses), _capped(losses, config))


def _bag(model: Model, rows: Rows, fold: np.ndarray, config: Config) -> Fitted:
    estimators, best, capped = list[Any](), list[tuple[float, float]](), False
    for place in range(config.train.bag):
        estimator, aside = clone(model[-1]), fold == place
        train, val = ((rows[0][which], rows[1][which]) for which in (~aside, aside))
        losses = _estimate(estimator, train, val, config)
        estimators.append(estimator)
        best.append(losses[_best(losses)])
        capped = capped or _capped(losses, config)
    model.steps[-1] = (model.steps[-1][0], join(estimators))
    return Fitted(model, best, float(np.mean([loss for _, loss in best])), capped)


def _estimate(estimator: Any, train: Rows, val: Rows, config: Config) -> list[tuple[float, float]]:
    """Fit in place; return both losses of each round, or of the fit where nothing has rounds."""
    entry, losses = ESTIMATORS[config.model.name], list[tuple[float, float]]()
    if entry.fit:
        losses = [*entry.fit(estimator, train, val, config)]
    else:
        estimator.fit(*train)
    losses = losses or [(_loss(estimator, *train), _loss(estimator, *val))]
    return [(float(train_loss), float(val_loss)) for train_loss, val_loss in losses]


def _many(model: Model, config: Config) -> bool:
    """Say whether categories could be split by more than an order: two levels have one."""
    native = ESTIMATORS[config.model.name].native
    return bool(native) and any(len(of) > 2 for of in model[0].levels_)


def _better(fitted: Fitted, config: Config, splits: Splits) -> tuple[Fitted, Config]:
    """Return the better of ordinal codes, which `fitted` has, and native categories."""
    tried = {"ordinal": fitted}
    tried["native"] = _fit(_splitting("native", config), splits.train, splits)
    best, other = sorted(tried, key=lambda way: tried[way].loss)
    losses = f"validation loss {tried[best].loss:.6g}, {tried[other].loss:.6g} with {other}"
    say("train", f"model.categories: {best} ({losses})")
    return tried[best], _splitting(best, config)


def _splitting(way: str, config: Config) -> Config:
    model = config.model.model_copy(update={"categories": way})
    return config.model_copy(update={"model": model})


def _refits(config: Config, splits: Splits) -> bool:
    """`auto` is what paid on 16 public tables: of classes, rare ones were ranked worse by it."""
    by_time = getattr(config.data, "time", None) is not None
    pays = by_time or splits.schema.labels is None
    return config.train.refit == "always" or (config.train.refit == "auto" and pays)


def _capped(losses: list[tuple[float, float]], config: Config) -> bool:
    """Say whether boosting used up its rounds before its patience."""
    since_best = len(losses) - 1 - _best(losses)
    rounds = config.train.rounds if ESTIMATORS[config.model.name].fit else np.inf
    return len(losses) >= rounds and since_best < config.train.patience


def _best(losses: list[tuple[float, float]]) -> int:
    return int(np.argmin([loss for _, loss in losses]))


def _loss(estimator: Any, inputs: Any, targets: np.ndarray) -> float:
    predictions = predict(estimator, inputs)
    if predictions.ndim == 1:
        return float(root_mean_squared_error(targets, predictions))
    return float(log_loss(targets, predictions, labels=range(predictions.shape[1])))
