"""Fit on training rows, stop early on validation rows, keep the best rounds.

There is no step to resume from: a fit is a function of config, data and seed, so fitting again
gives the same bytes.
"""

from collections.abc import Callable, Iterator
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
Losses = Iterator[tuple[float, float]]  # of training and validation rows, round by round


def fit(config: Config, splits: Splits, log: Log, run: Path) -> Model:
    """Return the fitted Pipeline; losses of every round go to `log` (log loss, or RMSE)."""
    model = build(config, splits)
    encode = model[:-1]
    train = encode.fit_transform(splits.train.inputs, splits.train.targets), splits.train.targets
    val = encode.transform(splits.val.inputs), splits.val.targets
    fit_estimator = FIT.get(config.model.name, _plain)
    rounds = fit_estimator(model[-1], train, val, config, _native(model, config))
    _unstamp(model[-1])
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


def refit(model: Model, config: Config, splits: Splits) -> Model:
    """Return a model fitted on training and validation rows if `train.refit` says so, else `model`.

    Boosting gets the rounds that `model` kept. Nothing that validation rows tell, such as a
    threshold, may be measured with the result.
    """
    if not _refits(config, splits):
        return model
    again, rows = build(config, splits), splits.joined()
    kept = KEPT.get(config.model.name)
    again[-1].set_params(**(kept(model[-1]) if kept else {}))
    inputs = again[:-1].fit_transform(rows.inputs, rows.targets)
    options = _native(again, config)
    if config.model.name == "xgboost":  # the others have the setting themselves
        options["sample_weight"] = _weight(config, rows.targets)
    again[-1].fit(inputs, rows.targets, **options)
    _unstamp(again[-1])
    return again


def _unstamp(estimator: Any) -> None:
    """Remove from CatBoost's model when it was made, and a number drawn for it."""
    if hasattr(estimator, "get_metadata"):
        metadata = estimator.get_metadata()
        for stamp in ("train_finish_time", "model_guid"):
            metadata[stamp] = ""


def _native(model: Model, config: Config) -> dict[str, Any]:
    """Return which columns `fit` takes as categories; they are the last of the matrix."""
    if getattr(config.model, "categories", "ordinal") == "ordinal":
        return {}
    width, count = len(model[0].names()), len(model[0].categories)
    return {"categorical_feature": list(range(width - count, width))}


def _refits(config: Config, splits: Splits) -> bool:
    """`auto` is what paid on 16 public tables: of classes, rare ones were ranked worse by it."""
    by_time = getattr(config.data, "time", None) is not None
    pays = by_time or splits.schema.labels is None
    return config.train.refit == "always" or (config.train.refit == "auto" and pays)


def _weight(config: Config, targets: np.ndarray) -> np.ndarray | None:
    return config.train.class_weight and compute_sample_weight("balanced", targets)


def _capped(losses: list[float], config: Config) -> bool:
    """Say whether boosting used up its rounds before its patience."""
    since_best = len(losses) - 1 - int(np.argmin(losses))
    return len(losses) >= config.train.rounds and since_best < config.train.patience


def _loss(model: Model, split: Any) -> float:
    predictions = predict(model, split.inputs)
    if predictions.ndim == 1:
        return float(root_mean_squared_error(split.targets, predictions))
    return float(log_loss(split.targets, predictions, labels=range(predictions.shape[1])))


def _plain(
    estimator: Any, train: Rows, val: Rows, config: Config, options: dict[str, Any]
) -> Losses:
    estimator.fit(*train, **options)
    return iter(())


def _hist_gradient_boosting(
    estimator: Any, train: Rows, val: Rows, config: Config, options: dict[str, Any]
) -> Losses:
    estimator.fit(*train, X_val=val[0], y_val=val[1], **options)
    best = max(1, int(np.argmax(estimator.validation_score_)))
    estimator._predictors = estimator._predictors[:best]  # it keeps the rounds after the best too
    return zip(-estimator.train_score_, -estimator.validation_score_, strict=True)


def _lightgbm(
    estimator: Any, train: Rows, val: Rows, config: Config, options: dict[str, Any]
) -> Losses:
    from lightgbm import early_stopping

    stop = early_stopping(config.train.patience, min_delta=config.train.tolerance, verbose=False)
    estimator.fit(
        *train,
        eval_X=(train[0], val[0]),
        eval_y=(train[1], val[1]),
        eval_names=["train", "val"],
        callbacks=[stop],
        **options,
    )
    return _history(estimator.evals_result_, "train", "val")


def _xgboost(
    estimator: Any, train: Rows, val: Rows, config: Config, options: dict[str, Any]
) -> Losses:
    weight = _weight(config, train[1])
    estimator.fit(*train, sample_weight=weight, eval_set=[train, val], verbose=False, **options)
    estimator.set_params(callbacks=None)  # they have done their work, and can't be saved
    return _history(estimator.evals_result(), "validation_0", "validation_1")


def _catboost(
    estimator: Any, train: Rows, val: Rows, config: Config, options: dict[str, Any]
) -> Losses:
    estimator.fit(*train, eval_set=val, early_stopping_rounds=config.train.patience, **options)
    return _history(estimator.evals_result_, "learn", "validation")


def _history(results: dict[str, Any], train: str, val: str) -> Losses:
    metric = next(iter(results[train]))
    return zip(results[train][metric], results[val][metric], strict=True)


FIT = {
    "hist-gradient-boosting": _hist_gradient_boosting,
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
    "catboost": _catboost,
}
KEPT: dict[str, Callable[[Any], dict[str, Any]]] = {
    "hist-gradient-boosting": lambda fitted: {
        "max_iter": fitted.n_iter_,
        "early_stopping": False,
    },
    "lightgbm": lambda fitted: {"n_estimators": max(1, fitted.best_iteration_)},
    "catboost": lambda fitted: {"iterations": max(1, fitted.tree_count_)},
    "xgboost": lambda fitted: {"n_estimators": fitted.best_iteration + 1, "callbacks": None},
}
