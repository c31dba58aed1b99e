"""Conversion at its hardest: no numbers, no categories, unhelpful names, values at the limits."""

from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import pytest

from my_model import data, infer
from my_model.config import Config
from my_model.data import Split, Splits
from my_model.formats import onnx
from my_model.formats.feed import feed
from my_model.model import NETWORKS, build
from my_model.tables.cells import Column
from my_model.tables.schema import Schema

ROWS = 500
NUMBERS = ["probabilities", "node0", 'a "quoted", name', " "]
CATEGORIES = ["label", "größe/μm 🐧"]
LIMITS = np.array([np.nan, 0.0, -0.0, 3e38, -3e38, 1e-38], np.float32)


@pytest.mark.parametrize("columns", [[*NUMBERS, *CATEGORIES], NUMBERS, CATEGORIES])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_file_answers_as_the_network(
    name: str, columns: list[str], config: Config, tmp_path: Path
) -> None:
    labels = data.load(config).schema.labels
    rng = np.random.default_rng(0)
    inputs = pd.DataFrame({column: _values(column, rng) for column in columns})
    targets = rng.integers(len(labels), size=ROWS) if labels else rng.normal(size=ROWS)
    rows = Split(inputs, targets.astype(np.int64 if labels else np.float32), np.arange(ROWS))
    kinds = {column: "number" if column in NUMBERS else "category" for column in columns}
    described = [Column(name=name, kind=kinds[name], missing=True) for name in columns]
    schema = Schema(target="y", labels=labels, columns=described)
    chosen = config.model_copy(update={"model": config.model.model_copy(update={"name": name})})
    model = build(chosen, Splits(rows, rows, schema, {}))
    onnx.convert(model, schema, tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    types = {"number": "float32", "category": "string"}
    promised = [{"name": name, "dtype": types[kinds[name]]} for name in columns]
    found = session.run(None, feed(inputs, {"inputs": promised}))[0]
    np.testing.assert_allclose(found, infer.predict(model, inputs), rtol=1e-4, atol=1e-5)


def _values(column: str, rng: np.random.Generator) -> pd.Series:
    if column in CATEGORIES:
        return pd.Series(rng.choice(["", "x,y", "ü", 'q"'], ROWS), dtype="category")
    values = rng.normal(size=ROWS).astype(np.float32)
    values[: len(LIMITS)] = LIMITS
    return pd.Series(values)
