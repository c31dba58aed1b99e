"""Gradient boosting by three libraries, stopped early by validation rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .estimator import Estimator, Losses, Rows

if TYPE_CHECKING:
    import numpy as np
    from sklearn.base import BaseEstimator

    from .config import Config

HISTOGRAM = "sklearn.ensemble._hist_gradient_boosting"


def history(results: dict[str, Any], train: str, val: str) -> Losses:
    """Return the losses that a library keeps by the name of the rows, then of the metric."""
    metric = next(iter(results[train]))
    return zip(results[train][metric], results[val][metric], strict=True)


def _histogram(config: Config, classify: bool) -> BaseEstimator:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    settings = config.train
    options: dict[str, Any] = {
        "max_iter": settings.rounds,
        "learning_rate": settings.learning_rate,
        "max_leaf_nodes": settings.max_leaf_nodes,
        "min_samples_leaf": settings.min_samples_leaf,
        "l2_regularization": settings.l2,
        "early_stopping": True,
        "n_iter_no_change": settings.patience,
        "tol": settings.tolerance,
        "random_state": config.seed,
    }
    if not classify:
        return HistGradientBoostingRegressor(**options)
    return HistGradientBoostingClassifier(**options, class_weight=settings.class_weight)


def _fit_histogram(estimator: Any, train: Rows, val: Rows, config: Config) -> Losses:
    estimator.fit(*train, X_val=val[0], y_val=val[1])
    best = max(1, int(estimator.validation_score_.argmax()))
    estimator._predictors = estimator._predictors[:best]  # it keeps the rounds after the best too
    estimator._bin_mapper.n_threads = None  # of this machine
    return zip(-estimator.train_score_, -estimator.validation_score_, strict=True)


def _refit_histogram(estimator: Any, fitted: Any, rows: Rows, config: Config) -> None:
    estimator.set_params(max_iter=fitted.n_iter_, early_stopping=False).fit(*rows)
    estimator._bin_mapper.n_threads = None


def _onnx_histogram(estimator: Any) -> Any:
    from .toolkit.export.onnx_splits import float32_histogram

    return float32_histogram(estimator)


def _lightgbm(config: Config, classify: bool) -> BaseEstimator:
    from lightgbm import LGBMClassifier, LGBMRegressor

    settings = config.train
    options: dict[str, Any] = {
        "n_estimators": settings.rounds,
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.max_leaf_nodes,
        "min_child_samples": settings.min_samples_leaf,
        "reg_lambda": settings.l2,
        "deterministic": True,
        "force_col_wise": True,  # else timing decides, and with it the order of sums
        "n_jobs": settings.threads or 0,  # all, but the model does not hold how many
        "random_state": config.seed,
        "verbose": -1,
    }
    if not classify:
        return LGBMRegressor(**options)
    return LGBMClassifier(**options, class_weight=settings.class_weight)


def _fit_lightgbm(estimator: Any, train: Rows, val: Rows, config: Config) -> Losses:
    from lightgbm import early_stopping

    stop = early_stopping(config.train.patience, min_delta=config.train.tolerance, verbose=False)
    estimator.fit(
        *train,
        eval_X=(train[0], val[0]),
        eval_y=(train[1], val[1]),
        eval_names=["train", "val"],
        callbacks=[stop],
    )
    losses = history(estimator.evals_result_, "train", "val")
    estimator._evals_result, estimator._best_score = {}, {}  # last digits depend on the threads
    estimator.booster_.best_score = {}
    return losses


def _refit_lightgbm(estimator: Any, fitted: Any, rows: Rows, config: Config) -> None:
    estimator.set_params(n_estimators=max(1, fitted.best_iteration_)).fit(*rows)


def _onnx_lightgbm(estimator: Any) -> Any:
    from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm

    from .toolkit.export.onnx_splits import float32_lightgbm, registered

    return registered(float32_lightgbm(estimator), convert_lightgbm)


def _xgboost(config: Config, classify: bool) -> BaseEstimator:
    from xgboost import XGBClassifier, XGBRegressor
    from xgboost.callback import EarlyStopping

    settings = config.train
    options: dict[str, Any] = {
        "n_estimators": settings.rounds,
        "learning_rate": settings.learning_rate,
        "max_leaves": settings.max_leaf_nodes,
        "grow_policy": "lossguide",
        "max_depth": 0,
        "min_child_weight": 1,
        "reg_lambda": settings.l2,
        "n_jobs": settings.threads,
        "random_state": config.seed,
        "callbacks": [
            EarlyStopping(rounds=settings.patience, min_delta=settings.tolerance, save_best=True)
        ],
    }
    return XGBClassifier(**options) if classify else XGBRegressor(**options)


def _fit_xgboost(estimator: Any, train: Rows, val: Rows, config: Config) -> Losses:
    weight = _weight(config, train)
    estimator.fit(*train, sample_weight=weight, eval_set=[train, val], verbose=False)
    estimator.set_params(callbacks=None)  # they have done their work, and can't be saved
    return history(estimator.evals_result(), "validation_0", "validation_1")


def _refit_xgboost(estimator: Any, fitted: Any, rows: Rows, config: Config) -> None:
    estimator.set_params(n_estimators=fitted.best_iteration + 1, callbacks=None)
    estimator.fit(*rows, sample_weight=_weight(config, rows))


def _weight(config: Config, rows: Rows) -> np.ndarray | None:
    """Return the weights of rows that weight classes, for which XGBoost has no setting."""
    from sklearn.utils.class_weight import compute_sample_weight

    return config.train.class_weight and compute_sample_weight("balanced", rows[1])


def _onnx_xgboost(estimator: Any) -> Any:
    from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost

    from .toolkit.export.onnx_splits import registered

    return registered(estimator, convert_xgboost)


HIST_GRADIENT_BOOSTING = Estimator(
    _histogram,
    fit=_fit_histogram,
    refit=_refit_histogram,
    searched=("learning_rate", "max_leaf_nodes", "min_samples_leaf", "l2"),
    onnx=_onnx_histogram,
    types=(
        f"{HISTOGRAM}.gradient_boosting.HistGradientBoostingClassifier",
        f"{HISTOGRAM}.gradient_boosting.HistGradientBoostingRegressor",
        f"{HISTOGRAM}.predictor.TreePredictor",
    ),
)
LIGHTGBM = Estimator(
    _lightgbm,
    fit=_fit_lightgbm,
    refit=_refit_lightgbm,
    searched=("learning_rate", "max_leaf_nodes", "min_samples_leaf", "l2"),
    native="categorical_column",
    onnx=_onnx_lightgbm,
    types=(
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMRegressor",
    ),
)
XGBOOST = Estimator(
    _xgboost,
    fit=_fit_xgboost,
    refit=_refit_xgboost,
    searched=("learning_rate", "max_leaf_nodes", "l2"),
    onnx=_onnx_xgboost,
    types=(
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBClassifier",
        "xgboost.sklearn.XGBRegressor",
    ),
)
