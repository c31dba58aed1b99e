"""Classes that can't be learnt, or that change places, are refused with a sentence."""

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


def test_labels_can_not_change_places_after_training(run: Path, config: Config) -> None:
    labels = data.load(config).schema.labels
    if not labels or len(labels) > 2:
        pytest.skip("only of two labels one is the positive one")
    other = config.evaluate.model_copy(update={"positive": labels[0]})
    with pytest.raises(UserError, match=r"evaluate\.positive has changed"):
        finished.reopen(run, config.model_copy(update={"evaluate": other}))
