"""Fit on training rows; the loss on validation rows is for the log.

There is no step to resume from: a fit is a function of config, data and seed, so fitting again
gives the same bytes.
"""

from pathlib import Path

from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from .config import Config
from .model import Model, build
from .predict import predict
from .toolkit.runs import Log
from .toolkit.tables.split import Split, Splits


@threadpool_limits.wrap(limits=1, user_api="blas")  # sums depend on how threads share them
def fit(config: Config, splits: Splits, log: Log, run: Path) -> Model:
    """Return the fitted Pipeline; its log losses go to `log`."""
    model = build(config, splits)
    model.fit(splits.train.inputs, splits.train.targets)
    log(0, {"train_loss": _loss(model, splits.train), "val_loss": _loss(model, splits.val)})
    return model


def refit(model: Model, config: Config, splits: Splits) -> Model:
    """Return `model`: nothing has shown yet that texts gain by the validation rows."""
    return model


def _loss(model: Model, split: Split) -> float:
    predictions = predict(model, split.inputs)
    return float(log_loss(split.targets, predictions, labels=range(predictions.shape[1])))
