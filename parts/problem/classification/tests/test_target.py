"""Classes that can't be learnt, or that change places, are refused; new rows reach every split."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from my_model import data, finished
from my_model.config import Config
from my_model.runs import UserError
from my_model.tables.schema import Schema
from my_model.tables.split import Rows, assign


def test_a_class_that_comes_after_training_is_explained(config: Config) -> None:
    days = pd.Series(np.arange(300, dtype=np.float32), name="day")
    targets = np.where(days > 280, 2, np.arange(300) % 2).astype(np.int64)
    ids = np.arange(300, dtype=np.uint64)
    schema = Schema(target="y", labels=["a", "b", "c"], columns=[])
    rows = Rows(days.to_frame(), targets, ids, ids, ids, days, schema, {})
    with pytest.raises(UserError, match="1 classes have no training row"):
        assign(rows, config)


def test_rows_that_come_in_small_lots_reach_every_split(config: Config, tmp_path: Path) -> None:
    paths = config.paths.model_copy(update={"processed": tmp_path})
    ids, schema = np.arange(600, dtype=np.uint64), Schema(target="y", labels=None, columns=[])
    for end in range(200, 601, 8):
        own, codes = ids[:end], np.arange(end) % 3
        rows = Rows(pd.DataFrame(), codes, own, own, own, None, schema, {})
        names = assign(rows, config.model_copy(update={"paths": paths}))
    for name in ("val", "test"):  # four standard errors of a share of 400 rows
        assert abs((names[200:] == name).mean() - getattr(config.data, name)) < 0.08


def test_labels_can_not_change_places_after_training(run: Path, config: Config) -> None:
    labels = data.load(config).schema.labels
    if not labels or len(labels) > 2:
        pytest.skip("only of two labels one is the positive one")
    other = config.evaluate.model_copy(update={"positive": labels[0]})
    with pytest.raises(UserError, match=r"evaluate\.positive, have changed"):
        finished.reopen(run, config.model_copy(update={"evaluate": other}))
