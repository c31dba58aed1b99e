"""Conversion at its hardest: no numbers, no categories, unhelpful names, values at the limits."""

import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import pytest

from my_model import data, export, infer
from my_model.config import Config
from my_model.data import Split, Splits
from my_model.formats import onnx
from my_model.formats.feed import feed
from my_model.formats.names import known
from my_model.model import NETWORKS, build
from my_model.runs import UserError
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


@pytest.mark.parametrize("numbers", ["columns", "dates", "target"])
def test_numbers_too_long_for_apps_are_refused(
    numbers: str, run: Path, config: Config, tmp_path: Path
) -> None:
    splits, test = data.load(config), data.load_test(config)
    schema, first = splits.schema, splits.schema.columns[0].name
    rest = [column.model_copy(update={"offset": 0.0}) for column in schema.columns[1:]]
    kind = "date" if numbers == "dates" else "number"
    moved = schema.columns[0].model_copy(update={"kind": kind, "offset": 1_764_400_000.0})
    changes = {"offset": moved.offset} if numbers == "target" else {"columns": [moved, *rest]}
    splits = replace(splits, schema=schema.model_copy(update=changes))
    model, name = infer.load(run / "model"), schema.target if numbers == "target" else first
    bases = {each: import_module(f"my_model.formats.{each.split('-')[0]}") for each in known()}
    formats = [each for each, module in bases.items() if hasattr(module, "describe")]
    assert "torch_export" in formats and "onnx" not in formats
    for each in formats:
        settings = config.export.model_copy(update={"formats": ["onnx", each]})
        chosen = config.model_copy(update={"export": settings})
        way = "seconds since" if numbers == "dates" else "1764400000"
        told = f"column '{re.escape(name)}' .*{each}: .*7 digits.*{way}.*export.formats"
        with pytest.raises(UserError, match=told):
            list(export.export(model, splits, test, None, chosen, tmp_path))
    assert not list(tmp_path.iterdir())


def _values(column: str, rng: np.random.Generator) -> pd.Series:
    if column in CATEGORIES:
        return pd.Series(rng.choice(["", "x,y", "ü", 'q"'], ROWS), dtype="category")
    values = rng.normal(size=ROWS).astype(np.float32)
    values[: len(LIMITS)] = LIMITS
    return pd.Series(values)
