"""Every format that this project can write answers as its model does, and says how to ask it."""

import json
import shutil
from copy import deepcopy
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from my_model import data, export, infer
from my_model.config import Config
from my_model.data import Split
from my_model.formats import exact, measure, onnx_int8
from my_model.formats.measure import exported
from my_model.formats.names import known
from my_model.model import Model
from my_model.runs import UserError
from my_model.settings.export import Export

ROWS = 100


@pytest.fixture(scope="module")
def exports(run: Path, config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with every format that there is."""
    return _export(run, config, known(), tmp_path_factory.mktemp("formats"))


@pytest.mark.parametrize("name", known())
def test_the_examples_are_answered(name: str, exports: Path) -> None:
    examples = _json(exports / name / "examples.json")
    rows = examples["rows"]
    inputs = {key: [row[key] for row in rows] for key in rows[0]}
    predictions, labels = exported(name, exports / name).decide(inputs)
    assert predictions.dtype == np.float32
    np.testing.assert_allclose(predictions, examples["predictions"], rtol=1e-5, atol=1e-6)
    assert (None if labels is None else labels.tolist()) == examples["labels"]


@pytest.mark.parametrize("name", known())
def test_parity_or_a_metric_that_holds(name: str, exports: Path, config: Config) -> None:
    parity = _json(exports / name / "parity.json")
    assert parity["passed"] and parity["executed_by"]
    if "-" not in name:
        assert parity["max_scaled_diff"] <= parity["tolerance"]
    else:
        assert parity["metric"]["validation"]["drop"] <= config.export.max_drop
        assert _size(exports / name) < _size(exports / name.split("-")[0])


def test_a_variant_that_got_worse_is_not_exported(
    run: Path, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compress = onnx_int8.compress

    def ruin(model: Model, *others: Any, **named: Any) -> None:
        model = replace(model, network=deepcopy(model.network))
        for weight in model.network.parameters():
            torch.nn.init.normal_(weight)
        compress(model, *others, **named)

    monkeypatch.setattr(onnx_int8, "compress", ruin)
    with pytest.raises(UserError, match=r"export\.max_drop"):
        _export(run, config, ["onnx-int8"], tmp_path)
    assert not list((tmp_path / "run/export").iterdir())


def test_the_same_model_gives_the_same_bytes(
    exports: Path, run: Path, config: Config, tmp_path: Path
) -> None:
    before = {path.name for path in (run / "export").iterdir()}
    rest = [name for name in known() if name not in before]
    again = _export(run, config, rest, tmp_path, judged=False)
    for name in known():
        twin = (run / "export" if name in before else again) / name
        files = _json(exports / name / "contract.json")["sha256"]
        assert _json(twin / "contract.json")["sha256"] == files, name


def test_an_unknown_format_is_explained() -> None:
    with pytest.raises(ValueError, match=r"onnxx is not one of .*onnx-int8"):
        Export(formats=["onnxx"])


def _export(
    run: Path, config: Config, formats: list[str], folder: Path, judged: bool = True
) -> Path:
    shutil.copytree(run / "model", folder / "run/model")
    settings = config.export.model_copy(update={"formats": formats})
    config = config.model_copy(update={"export": settings})
    model, threshold = infer.load(run / "model"), _json(run / "model/decision.json")["threshold"]
    splits, test = data.load(config), data.load_test(config)
    rows = replace(splits, train=_few(splits.train)), _few(test)
    with pytest.MonkeyPatch.context() as patch:  # what costs time and is tested elsewhere
        for name in ("of_model", "of_export"):
            patch.setattr(measure, name, lambda *where: {"latency_ms": {"1": None}})
        variants = [each.replace("-", "_") for each in formats if "-" in each]
        judges = [exact, *(import_module(f"my_model.formats.{each}") for each in variants)]
        for judge in () if judged else judges:
            patch.setattr(judge, "check", lambda *what: {})
            patch.setattr(judge, "tell", lambda agreed: "")
        list(export.export(model, *rows, threshold, config, folder / "run"))
    return folder / "run/export"


def _few(part: Split) -> Split:
    """Return some rows: a run asks for all of them. Validation keeps its rows and its metric."""
    return Split(*(rows[:ROWS] for rows in (part.inputs, part.targets, part.ids)))


def _size(folder: Path) -> int:
    return sum((folder / file).stat().st_size for file in _json(folder / "contract.json")["sha256"])


def _json(path: Path) -> dict:
    return json.loads(path.read_text())
