"""Training learns, repeats itself to the bit, and goes on after a kill as if nothing had been."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import load_file

from my_model import cli, data, infer
from my_model.config import Config
from my_model.train import fit
from my_model.training.plan import schedule

# Networks without batch normalisation, which would see the rows of its own process alone.
ALIKE = {"tabular": "mlp", "image": "vit_tiny_patch16_224"}
EPOCHS = {"tabular": 12, "image": 2}  # enough for a few checkpoints
RELATIVE = 1e-3 if torch.cuda.is_available() else 1e-4  # convolutions round to 10 bits there
COLUMNS = ["train_loss", "val_loss", "gradient_norm"]
TRAIN = [sys.executable, "-m", "my_model", "train", "--train.checkpoint_steps=5"]


def test_the_same_weights_twice(config: Config, tmp_path: Path) -> None:
    splits, few = data.load(config), {"epochs": EPOCHS[config.data.MODALITY]}
    config = config.model_copy(update={"train": config.train.model_copy(update=few)})
    saved = []
    for attempt in ("first", "second"):
        model = fit(config, splits, lambda step, metrics: None, tmp_path / attempt)
        infer.save(model, tmp_path / attempt)
        saved.append((tmp_path / attempt / "weights.safetensors").read_bytes())
    assert saved[0] == saved[1]
    loaded, inputs = infer.load(tmp_path / "first"), splits.val.inputs
    np.testing.assert_array_equal(infer.predict(model, inputs), infer.predict(loaded, inputs))


def test_the_loss_falls_and_the_best_weights_are_kept(run: Path, config: Config) -> None:
    history = pd.read_csv(run / "history.csv")
    assert history["val_loss"].min() < history["val_loss"][0]
    assert history["train_loss"].iloc[-1] < history["train_loss"][0]
    assert (history["gradient_norm"] > 0).all()
    splits = data.load(config)
    told = infer.predict(infer.load(run / "model"), splits.val.inputs)
    losses = _losses(told, splits.val.targets, splits.train.targets)
    assert losses.mean() == pytest.approx(history["val_loss"].min(), rel=RELATIVE)


def test_a_killed_run_goes_on_to_the_same_bits(options: list[str], config: Config) -> None:
    """Killed at whatever moment comes, even while a checkpoint is written."""
    options = [*options, f"--train.epochs={EPOCHS[config.data.MODALITY]}"]
    whole = _trained(options, config, "whole")
    _kill_after_first_checkpoint([*TRAIN, "--run=killed", *options], config.paths.runs / "killed")
    subprocess.run([*TRAIN, "--run=killed", "--resume", *options], check=True)
    resumed = load_file(config.paths.runs / "killed/model/weights.safetensors")
    for name in whole:
        np.testing.assert_array_equal(whole[name], resumed[name])
    steps = [
        [line.split(",")[:3] for line in (config.paths.runs / run / "history.csv").open()]
        for run in ("whole", "killed")
    ]
    assert steps[0] == steps[1]


@pytest.fixture(scope="module")
def alike(options: list[str], config: Config) -> list[str]:
    """Options of a run that one process, named so, has done alone."""
    modality = config.data.MODALITY
    few = [*options, f"--train.epochs={EPOCHS[modality]}", f"--model.name={ALIKE[modality]}"]
    few += ["--data.test=0.4", "--model.dropout=0", "--train.device=cpu"]  # two can't share a GPU
    _trained(few, config, "one")
    return few


@pytest.mark.parametrize("shard", ["false", "true"], ids=["DDP", "FSDP"])
def test_two_processes_train_as_one(shard: str, alike: list[str], config: Config) -> None:
    """Sums are taken in another order, so curves agree to one in a thousand, not to the bit."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    words = ["-m", "my_model", "--", *TRAIN[3:], "--run=two", f"--train.shard={shard}", *alike]
    subprocess.run([*torchrun, *words], check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    files = (config.paths.runs / run / "history.csv" for run in ("one", "two"))
    one, two = (pd.read_csv(file, usecols=COLUMNS) for file in files)
    np.testing.assert_allclose(one, two, rtol=1e-3)


@pytest.mark.parametrize(
    ("words", "reason"), [("train", "name the run"), ("evaluate --run=a", "only `train` can")]
)
def test_what_processes_can_not_do_together_is_explained(words: str, reason: str) -> None:
    command = [sys.executable, "-m", "my_model", *words.split()]
    env = os.environ | {"WORLD_SIZE": "2", "RANK": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 2 and reason in done.stderr


def test_the_learning_rate_rises_and_falls() -> None:
    shares = [schedule(step, 100, 0.1) for step in range(100)]
    assert shares[:10] == pytest.approx([0.1 * step for step in range(1, 11)])
    assert shares[10] == 1 and shares[-1] < 0.001
    assert sorted(shares[10:], reverse=True) == shares[10:]


def _losses(told: np.ndarray, targets: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return cross entropy, or of values Huber's loss in standard deviations of known ones."""
    if told.ndim == 2:
        return -np.log(told[np.arange(len(told)), targets])
    error = np.abs(told - targets) / known.std(dtype=np.float64)
    return np.where(error < 1, error**2 / 2, error - 0.5)


def _trained(options: list[str], config: Config, run: str) -> dict[str, np.ndarray]:
    assert cli.main([*TRAIN[3:], f"--run={run}", *options]) == 0
    return load_file(config.paths.runs / run / "model/weights.safetensors")


def _kill_after_first_checkpoint(command: list[str], run: Path) -> None:
    process = subprocess.Popen(command)
    while not (run / "checkpoint/last.safetensors").exists():
        assert process.poll() is None, "it ended before its first checkpoint"
        time.sleep(0.01)
    time.sleep(float(np.random.default_rng().uniform(0, 0.3)))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (run / "model/decision.json").exists(), "it ended before it was killed"
