"""Classes that can't be learnt are refused with a sentence."""

import numpy as np
import pandas as pd
import pytest

from my_model.config import Config
from my_model.runs import UserError
from my_model.tables.split import assign


def test_a_class_that_comes_after_training_is_explained(config: Config) -> None:
    days = pd.Series(np.arange(300, dtype=np.float32), name="day")
    targets = np.where(days > 280, 2, np.arange(300) % 2).astype(np.int64)
    timed = config.model_copy(update={"data": config.data.model_copy(update={"time": "day"})})
    with pytest.raises(UserError, match="1 classes have no training row"):
        assign(np.arange(300, dtype=np.uint64), targets, days.to_frame(), timed)
