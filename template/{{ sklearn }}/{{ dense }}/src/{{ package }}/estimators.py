"""The estimators behind `model.name`, from the settings that they share."""

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge

from .config import Config
from .toolkit.runs import UserError

MISSING = "model.name: {0} is not installed: `uv sync --group {0}` adds it, and 300 MB."


def _linear(config: Config, classify: bool) -> BaseEstimator:
    settings, seed = config.train, config.seed
    if not classify:
        return Ridge(alpha=settings.l2, random_state=seed)
    return LogisticRegression(
        C=1 / settings.l2,
        class_weight=settings.class_weight,
        max_iter=settings.rounds,
        random_state=seed,
    )


def _hist_gradient_boosting(config: Config, classify: bool) -> BaseEstimator:
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


def _random_forest(config: Config, classify: bool) -> BaseEstimator:
    settings = config.train
    options: dict[str, Any] = {
        "n_estimators": settings.trees,
        "min_samples_leaf": settings.min_samples_leaf,
        "max_features": "sqrt" if classify else 0.5,
        "n_jobs": settings.threads,
        "random_state": config.seed,
    }
    if not classify:
        return RandomForestRegressor(**options)
    return RandomForestClassifier(**options, class_weight=settings.class_weight)


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
        "n_jobs": settings.threads,
        "random_state": config.seed,
        "verbose": -1,
    }
    if not classify:
        return LGBMRegressor(**options)
    return LGBMClassifier(**options, class_weight=settings.class_weight)


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


def _catboost(config: Config, classify: bool) -> BaseEstimator:
    """Trees that ask one question a level; its other kinds of trees have no export."""
    try:
        from catboost import CatBoostClassifier, CatBoostRegressor
    except ModuleNotFoundError as error:
        raise UserError(MISSING.format(error.name)) from error
    settings = config.train
    if settings.tolerance:
        raise UserError("train.tolerance: catboost takes none; set it to 0.")
    options: dict[str, Any] = {
        "iterations": settings.rounds,
        "learning_rate": settings.learning_rate,
        "depth": settings.depth,
        "l2_leaf_reg": settings.l2,
        "thread_count": settings.threads or -1,
        "random_seed": config.seed,
        "verbose": False,
        "allow_writing_files": False,
    }
    if not classify:
        return CatBoostRegressor(**options)
    weights = "Balanced" if settings.class_weight else None
    return CatBoostClassifier(**options, auto_class_weights=weights)


ESTIMATORS = {
    "linear": _linear,
    "hist-gradient-boosting": _hist_gradient_boosting,
    "random-forest": _random_forest,
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
    "catboost": _catboost,
}
