"""Fit on training rows, stop early on validation rows, keep the best rounds.

There is no step to resume from: a fit is a function of config, data and seed, so fitting again
gives the same bytes.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import log_loss, root_mean_squared_error
from sklearn.utils.class_weight import compute_sample_weight

from .config import Config
from .data import Splits
from .infer import predict
from .model import Model, build
from .runs import Log, say

Rows = tuple[np.ndarray, np.ndarray]


def fit(config: Config, splits: Splits, log: Log, run: Path) -> Model:
    """Return the fitted Pipeline; losses of every round go to `log` (log loss, or RMSE)."""
    model = build(config, splits)
    encode = model[:-1]
    train = encode.fit_transform(splits.train.inputs, splits.train.targets), splits.train.targets
    val = encode.transform(splits.val.inputs), splits.val.targets
    fit_estimator = FIT.get(config.model.name, _plain)
    rounds = fit_estimator(model[-1], train, val, config)
    losses = []
    for step, (train_loss, val_loss) in enumerate(rounds):
        log(step, {"train_loss": float(train_loss), "val_loss": float(val_loss)})
        losses.append(float(val_loss))
    if not losses:  # nothing to stop early: one point, after the fit
        log(0, {"train_loss": _loss(model, splits.train), "val_loss": _loss(model, splits.val)})
    elif _capped(losses, config):
        told = f"the validation loss still fell when the {config.train.rounds:,} rounds ended"
        say("warning", f"train.rounds: {told}: raise it, or train.learning_rate.")
    return model


def _capped(losses: list[float], config: Config) -> bool:
    """Say whether boosting used up its rounds before its patience."""
    since_best = len(losses) - 1 - int(np.argmin(losses))
    return len(losses) >= config.train.rounds and since_best < config.train.patience


def _loss(model: Model, split: Any) -> float:
    predictions = predict(model, split.inputs)
    if predictions.ndim == 1:
        return float(root_mean_squared_error(split.targets, predictions))
    return float(log_loss(split.targets, predictions, labels=range(predictions.shape[1])))


def _plain(estimator: Any, train: Rows, val: Rows, config: Config) -> Iterator[tuple[float, float]]:
    estimator.fit(*train)
    return iter(())


def _hist_gradient_boosting(
    estimator: Any, train: Rows, val: Rows, config: Config
) -> Iterator[tuple[float, float]]:
    estimator.fit(*train, X_val=val[0], y_val=val[1])
    best = max(1, int(np.argmax(estimator.validation_score_)))
    estimator._predictors = estimator._predictors[:best]  # it keeps the rounds after the best too
    return zip(-estimator.train_score_, -estimator.validation_score_, strict=True)


def _lightgbm(
    estimator: Any, train: Rows, val: Rows, config: Config
) -> Iterator[tuple[float, float]]:
    from lightgbm import early_stopping

    stop = early_stopping(config.train.patience, min_delta=config.train.tolerance, verbose=False)
    estimator.fit(
        *train,
        eval_X=(train[0], val[0]),
        eval_y=(train[1], val[1]),
        eval_names=["train", "val"],
        callbacks=[stop],
    )
    return _history(estimator.evals_result_, "train", "val")


def _xgboost(
    estimator: Any, train: Rows, val: Rows, config: Config
) -> Iterator[tuple[float, float]]:
    weight = config.train.class_weight and compute_sample_weight("balanced", train[1])
    estimator.fit(*train, sample_weight=weight, eval_set=[train, val], verbose=False)
    estimator.set_params(callbacks=None)  # they have done their work, and can't be saved
    return _history(estimator.evals_result(), "validation_0", "validation_1")


def _history(results: dict[str, Any], train: str, val: str) -> Iterator[tuple[float, float]]:
    metric = next(iter(results[train]))
    return zip(results[train][metric], results[val][metric], strict=True)


FIT = {
    "hist-gradient-boosting": _hist_gradient_boosting,
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
}
