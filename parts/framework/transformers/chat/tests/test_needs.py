"""What training needs is told before it begins, about right, and changes nothing."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from my_model import cli, data
from my_model.config import Config
from my_model.train import fit
from my_model.training import needs

LARGER = ["--model.width=256", "--model.max_tokens=256", "--train.batch_size=16"]
CPU = "--train.device=cpu"  # has memory of its own


def test_memory_and_time_are_told_about_right(options: list[str], config: Config) -> None:
    """In a process of its own, whose peak is that of training."""
    command = [sys.executable, "-m", "my_model", "train", "--run=told", *options, *LARGER, CPU]
    done = subprocess.run(
        [*command, "--train.epochs=1"], capture_output=True, text=True, check=True
    )
    told = re.search(r"needs about (.*) GB \(program (.*), weights .*minutes for", done.stdout)
    assert told is not None
    whole, program = map(float, told.groups())
    peak = pd.read_csv(config.paths.runs / "told/history.csv")["memory_mb"].max() / 1000
    assert whole == pytest.approx(peak, rel=0.15)
    assert 1 / 3 < (whole - program) / (peak - program) < 3  # all are told to 0.1 GB


def test_telling_changes_nothing(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where random numbers leave activations out."""
    settings = {"method": "lora", "epochs": 1, "batch_size": 8}
    config = config.model_copy(update={"train": config.train.model_copy(update=settings)})
    splits, found = data.load(config), []
    for _ in range(2):
        model = fit(config, splits, lambda step, metrics: None, tmp_path / str(len(found)))
        found.append(model.network.state_dict())
        monkeypatch.setattr("my_model.training.tuner.check", lambda trainer: None)
    one, other = found
    assert all(torch.equal(weight, other[name]) for name, weight in one.items())


def test_too_little_memory_is_refused(
    options: list[str],
    config: Config,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A container's limit, as the kernel writes it."""
    (tmp_path / "memory.max").write_text("1000000\n")
    monkeypatch.setattr(needs, "LIMIT", tmp_path / "memory.max")
    assert cli.main(["train", "--run=small", *options, CPU]) == 2
    assert "and 0.0 GB are free: take train.method lora" in capsys.readouterr().err
    assert not [*(config.paths.runs / "small").glob("*/*")]  # no checkpoint, no model
