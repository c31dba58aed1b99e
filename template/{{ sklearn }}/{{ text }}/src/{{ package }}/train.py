"""Fit on training rows; the loss on validation rows is for the log.

There is no step to resume from: a fit is a function of config, data and seed, so fitting again
gives the same bytes.
"""

from pathlib import Path

import numpy as np
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from .config import Config
from .model import Model, build
from .predict import predict
from .toolkit.runs import Log
from .toolkit.tables.split import Splits


@threadpool_limits.wrap(limits=1, user_api="blas")  # sums depend on how threads share them
def fit(config: Config, splits: Splits, log: Log, run: Path) -> Model:
    """Return the fitted Pipeline; its log losses go to `log`."""
    model = build(config, splits)
    features, estimator = model
    targets = splits.train.targets
    matrix = features.fit(splits.train.inputs, targets).transform(splits.train.inputs)
    estimator.fit(matrix, targets)
    losses = {
        "train_loss": _loss(targets, predict(estimator, matrix)),
        "val_loss": _loss(splits.val.targets, predict(model, splits.val.inputs)),
    }
    log(0, losses)
    return model


def refit(model: Model, config: Config, splits: Splits) -> Model:
    """Return `model`: nothing has shown yet that texts gain by the validation rows."""
    return model


def _loss(targets: np.ndarray, predictions: np.ndarray) -> float:
    return float(log_loss(targets, predictions, labels=range(predictions.shape[1])))
