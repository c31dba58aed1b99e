"""The graph answers as the model does, whatever the text, and needs no training library."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made import HOSTILE, table

from my_model import infer
from my_model.config import Config
from my_model.data import Split, Splits
from my_model.estimators import ESTIMATORS
from my_model.formats import onnx, onnx_runtime
from my_model.formats.feed import feed
from my_model.scores import metrics
from my_model.tables.cells import Column
from my_model.tables.schema import Schema
from my_model.train import fit


@pytest.mark.parametrize("labels", [["no", "yes"], ["a", "b", "c", "d"]])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator_answers_alike(
    name: str, labels: list[str], config: Config, tmp_path: Path
) -> None:
    chosen = config.model_copy(update={"model": config.model.model_copy(update={"name": name})})
    frame, rng = table(300), np.random.default_rng(1)
    targets = frame["text"].str.contains("storm").to_numpy() + 2 * rng.integers(2, size=300)
    targets = targets % len(labels)
    schema = Schema(target="y", labels=labels, columns=[Column(name="text", kind="text")])
    rows = Split(frame, targets, np.arange(300, dtype=np.uint64))
    model = fit(chosen, Splits(rows, rows, schema, {}), lambda step, metrics: None, tmp_path)
    threshold = 0.5 if len(labels) == 2 else None
    onnx.convert(model, schema, tmp_path, threshold)
    session = onnx_runtime.onnxruntime.InferenceSession(tmp_path / "model.onnx")
    inputs = pd.DataFrame({"text": [*frame["text"], *HOSTILE, *frame["text"][:3]]}, dtype=object)
    told = {"inputs": [{"name": "text"}], **onnx.describe(model)}
    predictions, decided = session.run(None, feed(inputs, told))
    expected = infer.predict(model, inputs)
    np.testing.assert_allclose(predictions, expected, atol=1e-6)
    assert (np.array(labels)[metrics.decide(predictions, threshold)] == decided).all()
    alone = session.run(None, feed(inputs.iloc[300:302], told))[0]  # two texts without any word
    np.testing.assert_allclose(alone, expected[300:302], atol=1e-6)


def test_a_client_in_any_language_finds_what_it_has_to_do(run: Path) -> None:
    contract = json.loads((run / "export/onnx/contract.json").read_text("utf-8"))
    exported = onnx_runtime.load(run / "export/onnx")
    told = {i.name: f"{i.type} {len(i.shape)}" for i in exported.session.get_inputs()}
    assert list(contract["tokens"]["inputs"]) == list(told)
    examples = json.loads((run / "export/onnx/examples.json").read_text("utf-8"))
    texts = {"text": [row["text"] for row in examples["rows"]]}
    np.testing.assert_allclose(exported(texts), examples["predictions"], atol=1e-6)


def test_the_runtime_imports_numpy_and_onnxruntime_alone() -> None:
    code = "import sys, my_model.formats.onnx_runtime; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"pandas", "sklearn", "scipy", "onnx", "skops"} & set(loaded.stdout.split())
