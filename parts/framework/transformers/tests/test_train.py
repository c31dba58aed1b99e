"""Training learns, repeats itself to the bit, and goes on after a kill as if nothing had been."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from made import table, written
from safetensors.numpy import load_file

from my_model import cli, data, infer
from my_model.config import Config
from my_model.runs import UserError
from my_model.train import fit
from my_model.training.arguments import explained

COLUMNS = ["train_loss", "val_loss", "gradient_norm"]
TRAIN = [sys.executable, "-m", "my_model", "train", "--train.check_steps=4", "--train.epochs=8"]


@pytest.fixture
def few(options: list[str], tmp_path: Path) -> list[str]:
    """Options that train on few and short texts."""
    columns = ["--data.text=text", "--data.target=label", "--data.source=null"]
    return [*options, f"--data.path={written(tmp_path, table(300))}", *columns]


def test_the_same_model_twice(config: Config, tmp_path: Path) -> None:
    settings, splits = config.train.model_copy(update={"epochs": 1}), data.load(config)
    config = config.model_copy(update={"train": settings})
    for attempt in ("first", "second"):
        model = fit(config, splits, lambda step, metrics: None, tmp_path / attempt)
        infer.save(model, tmp_path / attempt / "model")
    first, second = (sorted((tmp_path / run / "model").iterdir()) for run in ("first", "second"))
    assert [path.name for path in first] == [path.name for path in second]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(first, second, strict=True))
    loaded, inputs = infer.load(tmp_path / "first/model"), splits.val.inputs
    np.testing.assert_array_equal(infer.predict(model, inputs), infer.predict(loaded, inputs))


def test_the_loss_falls_and_the_best_weights_are_kept(run: Path, config: Config) -> None:
    history = pd.read_csv(run / "history.csv")
    assert history["val_loss"].min() < history["val_loss"][0]
    assert history["train_loss"].iloc[-1] < history["train_loss"][0]
    assert (history[["gradient_norm", "samples_per_second", "tokens_per_second"]] > 0).all(None)
    val = data.load(config).val
    told = infer.predict(infer.load(run / "model"), val.inputs)
    chosen = told[np.arange(len(told)), val.targets]
    assert -np.log(chosen).mean() == pytest.approx(history["val_loss"].min(), rel=1e-4)


def test_the_report_will_say_how_many_texts_are_cut(run: Path) -> None:
    told = json.loads((run / "data.json").read_text("utf-8"))["profile"]["warnings"]
    assert re.fullmatch(r"model\.max_tokens: .*% of the training texts are cut at 128\.", told[-1])


def test_a_killed_run_goes_on_to_the_same_bits(few: list[str], config: Config) -> None:
    """Killed at whatever moment comes, even while a checkpoint is written."""
    whole = _trained(few, config, "whole")
    _kill_after_first_checkpoint([*TRAIN, "--run=killed", *few], config.paths.runs / "killed")
    subprocess.run([*TRAIN, "--run=killed", "--resume", *few], check=True)
    resumed = load_file(config.paths.runs / "killed/model/model.safetensors")
    for name in whole:
        np.testing.assert_array_equal(whole[name], resumed[name])
    steps = [
        pd.read_csv(config.paths.runs / name / "history.csv", usecols=["step", *COLUMNS])
        for name in ("whole", "killed")
    ]
    pd.testing.assert_frame_equal(*steps, check_exact=True)


def test_a_kernel_that_varies_is_named(config: Config) -> None:
    """As on a GPU, where more of them have no way of being the same twice."""
    torch.use_deterministic_algorithms(config.train.deterministic)
    told = pytest.raises(UserError, match=r"put_ varies .* set train\.deterministic to false")
    with told, explained():
        torch.zeros(2).put_(torch.zeros(2).long(), torch.ones(2))


def test_two_processes_train_as_one(few: list[str], config: Config) -> None:
    """Sums are taken in another order, so curves agree to one in a thousand, not to the bit."""
    few = [*few, "--train.epochs=2", "--model.dropout=0"]
    few.append("--train.device=cpu")  # two processes can't share a GPU
    _trained(few, config, "one")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [*torchrun, "-m", "my_model", "--", *TRAIN[3:], "--run=two", *few]
    subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    one, two = (
        pd.read_csv(config.paths.runs / name / "history.csv", usecols=COLUMNS)
        for name in ("one", "two")
    )
    np.testing.assert_allclose(one, two, rtol=1e-3)


def _trained(options: list[str], config: Config, run: str) -> dict[str, np.ndarray]:
    assert cli.main([*TRAIN[3:], f"--run={run}", *options]) == 0
    return load_file(config.paths.runs / run / "model/model.safetensors")


def _kill_after_first_checkpoint(command: list[str], run: Path) -> None:
    process = subprocess.Popen(command)
    while not list((run / "checkpoint").glob("*/trainer_state.json")):
        assert process.poll() is None, "it ended before its first checkpoint"
        time.sleep(0.01)
    time.sleep(float(np.random.default_rng().uniform(0, 0.5)))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (run / "model/decision.json").exists(), "it ended before it was killed"
