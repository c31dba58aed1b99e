"""Every format that this project can write answers as its model does, and says how to ask it."""

import json
import shutil
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

from my_model import data, export, infer
from my_model.config import Config
from my_model.formats import exact, gguf_q8_0, measure
from my_model.formats.measure import exported
from my_model.formats.names import known
from my_model.model import Model
from my_model.runs import UserError
from my_model.settings.export import Export

KNOWN = ["gguf", "gguf-q8_0", "gguf-q4_k_m"]


@pytest.fixture(scope="module")
def exports(run: Path, config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with every format that there is."""
    return _export(run, config, KNOWN, tmp_path_factory.mktemp("formats"))


@pytest.mark.parametrize("name", KNOWN)
def test_the_examples_are_answered(name: str, exports: Path, config: Config) -> None:
    """However many are asked at once: here all, there eight."""
    examples = _json(exports / name / "examples.json")
    asked = [row["messages"] for row in examples["rows"]]
    assert [chat[-1]["role"] for chat in asked] == ["user"] * len(data.load_test(config).ids)
    said, labels = exported(name, exports / name).decide({"messages": asked})
    assert said.tolist() == examples["predictions"] and labels is examples["labels"] is None
    assert len(set(examples["predictions"])) >= 3


@pytest.mark.parametrize("name", KNOWN)
def test_a_metric_that_holds(name: str, exports: Path, config: Config) -> None:
    parity = _json(exports / name / "parity.json")
    assert parity["passed"] and parity["executed_by"] == "llama.cpp"
    for told in (parity["metric"][part] for part in ("validation", "test")):
        assert told["drop"] == pytest.approx(told["exported"] / told["model"] - 1)
    assert parity["metric"]["validation"]["drop"] <= config.export.max_drop
    assert parity["tolerance"] == (config.export.tolerance if name == "gguf" else None)


def test_a_predictor_may_be_dropped_at_once(exports: Path) -> None:
    """llama.cpp hangs if it is stopped before it has begun: the timeout would tell."""
    code = "import sys, pathlib; from my_model.formats.gguf_runtime import load\n"
    code += "for attempt in range(5): load(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, exports / "gguf"], check=True, timeout=60)


def test_fewer_bits_are_less_exact(exports: Path, config: Config) -> None:
    parities = [_json(exports / name / "parity.json") for name in KNOWN]
    splits, test = data.load_all(config)
    rows = sum(len(part.ids) for part in (splits.train, splits.val, test))
    assert {parity["rows"] for parity in parities} == {rows}
    gaps = [parity["max_abs_diff"] for parity in parities]
    sizes = [(exports / name / "model.gguf").stat().st_size for name in KNOWN]
    assert 0 < gaps[0] < gaps[1] < gaps[2] and gaps[0] < 0.001  # matrices of 11 bits
    assert sizes[0] > sizes[1] > sizes[2]


def test_a_variant_that_got_worse_is_not_exported(
    run: Path, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compress = gguf_q8_0.compress

    def ruin(model: Model, *others: Any, **named: Any) -> None:
        model = replace(model, network=deepcopy(model.network))
        for weight in model.network.parameters():
            torch.nn.init.normal_(weight)
        compress(model, *others, **named)

    monkeypatch.setattr(gguf_q8_0, "compress", ruin)
    with pytest.raises(UserError, match=r"bits_per_byte is .* export\.max_drop"):
        _export(run, config, ["gguf-q8_0"], tmp_path)
    assert not list((tmp_path / "run/export").iterdir())


def test_the_same_model_gives_the_same_bytes(
    exports: Path, run: Path, config: Config, tmp_path: Path
) -> None:
    again = _export(run, config, KNOWN[1:], tmp_path, judged=False)
    for name in KNOWN[1:]:
        files = _json(exports / name / "contract.json")["sha256"]
        assert _json(again / name / "contract.json")["sha256"] == files, name


def test_an_unknown_format_is_explained() -> None:
    assert known() == KNOWN
    with pytest.raises(ValueError, match=r"onnx is not one of gguf, gguf-q8_0, gguf-q4_k_m"):
        Export(formats=["onnx"])


def _export(run: Path, config: Config, names: list[str], to: Path, judged: bool = True) -> Path:
    shutil.copytree(run / "model", to / "run/model")
    settings = config.export.model_copy(update={"formats": names})
    config = config.model_copy(update={"export": settings})
    with pytest.MonkeyPatch.context() as patch:  # what costs time and is tested elsewhere
        for name in ("of_model", "of_export"):
            patch.setattr(measure, name, lambda *where: {"latency_ms": {"1": None}})
        variants = [each.replace("-", "_") for each in names if "-" in each]
        judges = [exact, *(import_module(f"my_model.formats.{each}") for each in variants)]
        for judge in () if judged else judges:
            patch.setattr(judge, "check", lambda *what: {})
            patch.setattr(judge, "tell", lambda agreed: "")
        rows = data.load_all(config)
        list(export.export(infer.load(run / "model"), *rows, None, config, to / "run"))
    return to / "run/export"


def _json(path: Path) -> dict:
    return json.loads(path.read_text())
