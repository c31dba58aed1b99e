"""Training learns, repeats itself to the byte, and a saved model answers as the living one."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from quick import MODELS

from my_model import cli, data, infer, tune
from my_model.bag import folds, members
from my_model.config import Config
from my_model.data import Split
from my_model.estimators import ESTIMATORS
from my_model.runs import UserError
from my_model.settings.model import Model
from my_model.settings.search import Search
from my_model.settings.train import BOOSTING
from my_model.train import fit, refit


@pytest.mark.parametrize("name", MODELS)
def test_the_same_model_twice(name: str, config: Config, tmp_path: Path) -> None:
    chosen = _with(config, name, rounds=5, trees=5)
    splits = data.load(config)
    saved = []
    for attempt in ("first", "second"):
        losses: list[dict[str, float]] = []
        model = fit(chosen, splits, lambda step, metrics, to=losses: to.append(metrics), tmp_path)
        infer.save(model, tmp_path / attempt)
        saved.append((tmp_path / attempt / "model.skops").read_bytes())
    assert saved[0] == saved[1]
    assert losses and all(np.isfinite(list(metrics.values())).all() for metrics in losses)
    loaded = infer.load(tmp_path / "first")
    inputs = splits.val.inputs
    np.testing.assert_array_equal(infer.predict(model, inputs), infer.predict(loaded, inputs))


def test_boosting_keeps_the_best_rounds(config: Config, tmp_path: Path) -> None:
    losses: list[float] = []
    config = _with(config, "hist-gradient-boosting")
    model = fit(config, data.load(config), lambda step, m: losses.append(m["val_loss"]), tmp_path)
    assert model[-1].n_iter_ == max(1, int(np.argmin(losses)))  # losses[0] is before the first tree


@pytest.mark.parametrize("name", MODELS)
def test_it_says_when_the_rounds_ended_before_the_patience(
    name: str, config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    splits = data.load(config)
    for settings, warned in {(2, 50): True, (3000, 1): False}.items():
        chosen = _with(config, name, **dict(zip(("rounds", "patience"), settings, strict=True)))
        fit(chosen, splits, lambda step, metrics: None, tmp_path)
        warned = warned and name in BOOSTING
        assert ("train.rounds: " in capsys.readouterr().out) == warned, settings


@pytest.mark.parametrize("name", MODELS)
def test_a_refit_takes_the_best_rounds_and_all_rows(
    name: str, config: Config, tmp_path: Path
) -> None:
    splits = data.load(config)
    chosen = _with(config, name, rounds=30, trees=5, patience=5, refit="always")
    first = fit(chosen, splits, lambda step, metrics: None, tmp_path)
    saved = []
    for attempt in ("first", "second"):
        final = refit(first, chosen, splits)
        infer.save(final, tmp_path / attempt)
        saved.append((tmp_path / attempt / "model.skops").read_bytes())
    assert saved[0] == saved[1]
    assert name not in BOOSTING or _rounds(final) == _rounds(first)
    before, after = (infer.predict(each, splits.val.inputs) for each in (first, final))
    assert np.isfinite(after).all() and (before != after).any()


def _rounds(model: Any) -> int:
    estimator = model[-1]
    if hasattr(estimator, "get_booster"):
        return int(getattr(estimator, "best_iteration", estimator.n_estimators - 1)) + 1
    if hasattr(estimator, "tree_count_"):
        return int(estimator.tree_count_)
    return int(getattr(estimator, "best_iteration_", 0) or getattr(estimator, "n_iter_", 0))


def test_a_refit_is_for_numbers_and_for_rows_in_order_of_time(
    config: Config, tmp_path: Path
) -> None:
    splits = data.load(config)
    first = fit(config, splits, lambda step, metrics: None, tmp_path)
    numbers = splits.schema.labels is None
    assert config.train.refit == "auto" and (refit(first, config, splits) is first) != numbers
    by_time = config.model_copy(update={"data": config.data.model_copy(update={"time": "day"})})
    assert refit(first, by_time, splits) is not first
    never = by_time.train.model_copy(update={"refit": "never"})
    assert refit(first, by_time.model_copy(update={"train": never}), splits) is first


def test_a_refit_leaves_the_threshold_and_losses_of_the_first_fit(
    run: Path, options: list[str], config: Config
) -> None:
    known = json.loads((run / "model/decision.json").read_text())["refit"]
    other = "never" if known else "always"
    words = ["--run=other", f"--train.refit={other}", *options]
    assert cli.main(["train", *words]) == 0
    assert cli.main(["evaluate", "--against=demo", *words]) == 0
    decided, details = [], []
    for folder in (run, config.paths.runs / "other"):
        decided.append(json.loads((folder / "model/decision.json").read_text()))
        details.append(json.loads((folder / "evaluation/details.json").read_text()))
    assert decided[1] == decided[0] | {"refit": not known}
    assert (run / "history.csv").read_bytes() == (folder / "history.csv").read_bytes()
    before, after = (each["models"] for each in details)
    # Of the export, whose probabilities may differ by 1e-4; with the threshold that it has had.
    assert after["before"]["metrics"] == pytest.approx(before["model"]["metrics"], rel=1e-3)
    assert before["linear"] != after["linear"]  # it has seen as many rows as the model


@pytest.mark.parametrize("name", MODELS)
def test_a_search_varies_what_the_model_reads(name: str, config: Config) -> None:
    marks = {key: mark for each in ESTIMATORS for key, (_, mark) in tune._ranges(each).items()}
    numbers = {key: mark.low for key, mark in marks.items() if isinstance(mark, Search)}
    before = _settings(name, config)
    read = {
        key
        for key, low in numbers.items()
        if _settings(name, tune._apply(config, {key: low})) != before
    }
    assert read and read == {*tune._ranges(name)} & {*numbers}


@pytest.mark.parametrize("name", MODELS)
def test_a_bag_is_the_mean_of_models_that_each_missed_a_fold(
    name: str, config: Config, tmp_path: Path
) -> None:
    chosen = _with(config, name, rounds=5, trees=5, bag=3, threads=1, refit="always")
    splits, losses, saved = data.load(config), list[float](), list[bytes]()
    for attempt in ("first", "second"):
        model = fit(chosen, splits, lambda step, m: losses.append(m["val_loss"]), tmp_path)
        infer.save(model, tmp_path / attempt)
        saved.append((tmp_path / attempt / "model.skops").read_bytes())
    assert saved[0] == saved[1] and losses[:3] == losses[3:]
    matrix, fold = model[:-1].transform(splits.train.inputs), folds(splits.train, chosen)
    answers = [infer.predict(member, matrix) for member in members(model[-1])]
    for place in range(3) if name not in BOOSTING else ():  # theirs may be a squared error
        own = answers[place][fold == place], splits.train.targets[fold == place]
        assert losses[place] == pytest.approx(_error(*own))
    loaded = infer.predict(infer.load(tmp_path / "first"), splits.train.inputs)
    np.testing.assert_allclose(loaded, np.mean(answers, axis=0), rtol=1e-5)  # float32
    final = refit(model, chosen, splits)
    assert len(members(final[-1])) == 3
    assert (infer.predict(final, splits.train.inputs) != loaded).any()


def _error(predictions: np.ndarray, targets: np.ndarray) -> float:
    if predictions.ndim == 1:
        return float(np.sqrt(np.mean((predictions - targets) ** 2)))
    return float(-np.log(predictions[np.arange(len(targets)), targets]).mean())


def test_folds_keep_groups_together_and_classes_apart(config: Config) -> None:
    rng, chosen = np.random.default_rng(0), _with(config, "linear", bag=5)
    targets, ids = rng.integers(3, size=600), np.arange(600, dtype=np.uint64)
    alone = Split(pd.DataFrame(index=ids), targets, ids)
    counts = pd.crosstab(targets, folds(alone, chosen)).to_numpy()
    assert counts.shape == (3, 5) and (np.ptp(counts, axis=1) <= 1).all()
    together = replace(alone, groups=ids // np.uint64(7))
    assert (pd.Series(folds(together, chosen)).groupby(together.groups).nunique() == 1).all()
    rare = np.where(ids < 3, 3, targets)  # a class of one group
    few = replace(alone, groups=ids // np.uint64(200))
    for rows in (replace(together, targets=rare), few):
        with pytest.raises(UserError, match=r"train\.bag: "):
            folds(rows, chosen)


def test_a_bag_is_exported_as_one_file(options: list[str], config: Config) -> None:
    assert cli.main(["run", "--run=bag", "--train.bag=3", "--train.refit=always", *options]) == 0
    run = config.paths.runs / "bag"
    parity = json.loads((run / "export/onnx/parity.json").read_text())
    assert parity["passed"] and parity["decisions_equal"] == parity["rows"]
    assert len(pd.read_csv(run / "history.csv")) == 3
    assert len(members(infer.load(run / "model")[-1])) == 3


def test_a_package_that_is_not_installed_is_named(
    options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if "catboost" not in get_args(Model.model_fields["name"].annotation):
        pytest.skip("no model of this project needs another package")
    monkeypatch.setitem(sys.modules, "catboost", None)  # as where it is not installed
    for word in ("train", "tune"):
        assert cli.main([word, "--model.name=catboost", *options]) == 2
        assert "uv sync --group catboost" in capsys.readouterr().err


def _with(config: Config, name: str, **settings: Any) -> Config:
    model = config.model.model_copy(update={"name": name})
    train = config.train.model_copy(update=settings)
    return config.model_copy(update={"model": model, "train": train})


def _settings(name: str, config: Config) -> dict[str, Any]:
    told = ESTIMATORS[name](config, True).get_params()
    return {key: value for key, value in told.items() if key != "callbacks"}
