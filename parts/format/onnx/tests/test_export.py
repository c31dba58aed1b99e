"""The exported file answers as the trained model does, says what it takes, and can't be swapped."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from my_model import data, export, infer
from my_model.config import Config
from my_model.formats import measure, onnx, onnx_runtime
from my_model.formats.feed import feed
from my_model.model import Model
from my_model.runs import UserError
from my_model.tables.schema import Schema
from my_model.train import fit


def test_raw_arrays_get_the_answers_of_the_model(run: Path, config: Config) -> None:
    inputs = data.load_test(config).inputs
    exported = onnx_runtime.load(run / "export/onnx")
    arrays = {name: inputs[name].astype(object).tolist() for name in inputs}
    expected = infer.predict(infer.load(run / "model"), inputs)
    for found in (exported(inputs), exported(arrays)):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    parity = json.loads((run / "export/onnx/parity.json").read_text())
    splits = data.load(config)
    assert parity["rows"] == sum(len(part.ids) for part in (splits.train, splits.val)) + len(inputs)
    assert parity["passed"]


def test_the_contract_is_the_file(run: Path, config: Config) -> None:
    exported = onnx_runtime.load(run / "export/onnx")
    contract, session = exported.contract, exported.session
    fed = feed(data.load_test(config).inputs.head(2), contract)
    assert list(fed) == [told.name for told in session.get_inputs()]
    assert contract["outputs"]["name"] == session.get_outputs()[0].name
    predictions, decided = exported.decide(data.load_test(config).inputs)
    labels, threshold = contract["outputs"]["labels"], contract["outputs"]["threshold"]
    if labels is None:
        assert decided is None and predictions.ndim == 1
    else:
        code = predictions.argmax(axis=1) if threshold is None else predictions[:, 1] >= threshold
        assert decided.tolist() == [labels[int(c)] for c in code]


def test_the_same_run_gives_the_same_bytes(run: Path, config: Config, tmp_path: Path) -> None:
    again = _export_again(run, config, tmp_path)
    names = [path.name for path in again.iterdir() if path.name != "measurements.json"]
    assert {"model.onnx", "contract.json", "parity.json"} < set(names)
    for name in names:
        assert (again / name).read_bytes() == (run / "export/onnx" / name).read_bytes()


def test_a_model_that_differs_is_not_exported(
    run: Path, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert = onnx.convert

    def convert_another(
        model: Model, schema: Schema, folder: Path, threshold: float | None
    ) -> None:
        splits = data.load(config)
        shuffled = replace(splits.train, targets=splits.train.targets[::-1])
        brief = {"epochs": 1} if hasattr(config.train, "epochs") else {}
        told = config.model_copy(update={"train": config.train.model_copy(update=brief)})
        other = fit(told, replace(splits, train=shuffled), lambda step, metrics: None, tmp_path)
        convert(other, schema, folder, threshold)

    monkeypatch.setattr(onnx, "convert", convert_another)
    with pytest.raises(UserError, match="rows disagree, so nothing was exported"):
        _export_again(run, config, tmp_path)
    assert not list((tmp_path / "run/export").iterdir())


def _export_again(run: Path, config: Config, folder: Path) -> Path:
    copy = folder / "run"
    settings = config.export.model_copy(update={"formats": ["onnx"]})
    config = config.model_copy(update={"export": settings})
    shutil.copytree(run / "model", copy / "model")
    model, threshold = infer.load(copy / "model"), _threshold(run)
    rows = data.load(config), data.load_test(config)
    costs = json.loads((run / "export/onnx/measurements.json").read_text())
    assert all(cost["latency_ms"]["1"] > 0 for cost in costs.values())
    with pytest.MonkeyPatch.context() as patch:  # to measure once is enough
        patch.setattr(measure, "of_model", lambda *where: costs["model"])
        patch.setattr(measure, "of_export", lambda *where: costs["exported"])
        list(export.export(model, *rows, threshold, config, copy))
    return copy / "export/onnx"


def _threshold(run: Path) -> float | None:
    return json.loads((run / "model/decision.json").read_text())["threshold"]


@pytest.mark.parametrize("damage", ["was changed", "is missing"])
def test_a_tampered_file_is_named(run: Path, tmp_path: Path, damage: str) -> None:
    shutil.copytree(run / "export/onnx", tmp_path, dirs_exist_ok=True)
    model = tmp_path / "model.onnx"
    model.unlink() if damage == "is missing" else model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(UserError, match=f"model.onnx {damage}"):
        onnx_runtime.load(tmp_path)
