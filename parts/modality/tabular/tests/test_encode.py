"""What encodes rows outside of training gives the same bits."""

from pathlib import Path

import numpy as np
import pandas as pd

from my_model import data, infer
from my_model.config import Config
from my_model.formats import feed
from my_model.formats.encode import describe, encode


def test_numpy_encodes_as_training_did(run: Path, config: Config) -> None:
    model, inputs = infer.load(run / "model"), data.load_test(config).inputs
    schema = data.load(config).schema
    strange = {
        name: pd.Categorical(["never seen"]) if values.dtype == "category" else np.float32("nan")
        for name, values in inputs.items()
    }
    contract = {"inputs": feed.describe(schema), **describe(model)}
    for table in (inputs, inputs.head(1).assign(**strange)):
        np.testing.assert_array_equal(encode(table, contract), model.features.transform(table))
    assert len(contract["matrix"]["columns"]) == len(model.features.names())
