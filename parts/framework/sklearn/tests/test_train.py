"""Training learns, repeats itself to the byte, and a saved model answers as the living one."""

from pathlib import Path

import numpy as np
import pytest

from my_model import data, infer
from my_model.config import Config
from my_model.estimators import ESTIMATORS
from my_model.train import fit


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_same_model_twice(name: str, config: Config, tmp_path: Path) -> None:
    update = {
        "model": config.model.model_copy(update={"name": name}),
        "train": config.train.model_copy(update={"rounds": 5}),
    }
    chosen = config.model_copy(update=update)
    splits = data.load(config)
    saved = []
    for attempt in ("first", "second"):
        losses: list[dict[str, float]] = []
        model = fit(chosen, splits, lambda step, metrics, to=losses: to.append(metrics), tmp_path)
        infer.save(model, tmp_path / attempt)
        saved.append((tmp_path / attempt / "model.skops").read_bytes())
    assert saved[0] == saved[1]
    assert losses and all(np.isfinite(list(metrics.values())).all() for metrics in losses)
    loaded = infer.load(tmp_path / "first")
    inputs = splits.val.inputs
    np.testing.assert_array_equal(infer.predict(model, inputs), infer.predict(loaded, inputs))


def test_boosting_keeps_the_best_rounds(config: Config, tmp_path: Path) -> None:
    losses: list[float] = []
    boosting = config.model.model_copy(update={"name": "hist-gradient-boosting"})
    config = config.model_copy(update={"model": boosting})
    model = fit(config, data.load(config), lambda step, m: losses.append(m["val_loss"]), tmp_path)
    assert model[-1].n_iter_ == max(1, int(np.argmin(losses)))  # losses[0] is before the first tree
