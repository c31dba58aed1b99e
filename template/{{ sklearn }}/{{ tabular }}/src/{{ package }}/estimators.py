"""The estimators behind `model.name`: an entry of `ESTIMATORS` is all that one needs.

Libraries are imported inside functions, since the command line reads `ESTIMATORS` for its help.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .boosting import HIST_GRADIENT_BOOSTING, LIGHTGBM, XGBOOST, history
from .estimator import LINEAR, RANDOM_FOREST, Estimator, Losses, Rows
from .toolkit.runs import UserError

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from .config import Config
    from .features import Features


def _filled(features: Features) -> Any:
    """Put medians into gaps: a forest's own handling of them has no faithful export.

    Never scale for trees: rounding would move values across split points.
    """
    from sklearn.impute import SimpleImputer

    return SimpleImputer(strategy="median", keep_empty_features=True)


def _scaled(features: Features) -> Any:
    """Put means into gaps, scale numbers, and make a column of each category's level."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    codes = len(features.categories)
    width = len(features.names())
    numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    return ColumnTransformer(
        [
            ("numbers", numbers, list(range(width - codes))),
            ("codes", OneHotEncoder(handle_unknown="ignore"), list(range(width - codes, width))),
        ]
    )


def _catboost(config: Config, classify: bool) -> BaseEstimator:
    """Trees that ask one question a level; its other kinds of trees have no export."""
    try:
        from catboost import CatBoostClassifier, CatBoostRegressor
    except ModuleNotFoundError as error:
        way = "`uv sync --group catboost` adds it, and 300 MB"
        raise UserError(f"model.name: catboost is not installed: {way}.") from error
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


def _fit_catboost(estimator: Any, train: Rows, val: Rows, config: Config) -> Losses:
    estimator.fit(*train, eval_set=val, early_stopping_rounds=config.train.patience)
    _unstamp(estimator)
    return history(estimator.evals_result_, "learn", "validation")


def _refit_catboost(estimator: Any, fitted: Any, rows: Rows, config: Config) -> None:
    estimator.set_params(iterations=max(1, fitted.tree_count_)).fit(*rows)
    _unstamp(estimator)


def _unstamp(estimator: Any) -> None:
    """Remove from the model when it was made, and a number drawn for it."""
    metadata = estimator.get_metadata()
    for stamp in ("train_finish_time", "model_guid"):
        metadata[stamp] = ""


def _onnx_catboost(estimator: Any) -> Any:
    """Return the model that CatBoost writes itself, with its scores as the last output."""
    from catboost.utils import convert_to_onnx_object

    model = convert_to_onnx_object(estimator)
    nodes = [node for node in model.graph.node if node.op_type != "ZipMap"]  # to dictionaries
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.output[-1].name = nodes[-1].output[-1]
    return model


ESTIMATORS = {
    "linear": replace(LINEAR, prepare=_scaled, seconds=(15.0, 0.1)),
    "hist-gradient-boosting": replace(HIST_GRADIENT_BOOSTING, seconds=(17.0, 0.2)),
    "random-forest": replace(RANDOM_FOREST, prepare=_filled, seconds=(21.0, 1.0)),
    "lightgbm": replace(LIGHTGBM, seconds=(17.0, 0.5)),
    "xgboost": replace(XGBOOST, seconds=(17.0, 0.4)),
    "catboost": Estimator(
        _catboost,
        fit=_fit_catboost,
        refit=_refit_catboost,
        searched=("learning_rate", "depth", "l2"),
        onnx=_onnx_catboost,
        types=("catboost.core.CatBoostClassifier", "catboost.core.CatBoostRegressor"),
    ),
}
