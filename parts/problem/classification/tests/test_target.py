"""Classes that can't be learnt, or that change places, are refused; new rows reach every split."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from my_model import data, finished
from my_model.config import Config
from my_model.runs import UserError
from my_model.tables.cells import Column
from my_model.tables.schema import Schema, canonical, cells_of, keys
from my_model.tables.split import Rows, assign
from my_model.tables.target import encode, sampled


def test_a_class_that_comes_after_training_is_explained(config: Config) -> None:
    days = pd.Series(np.arange(300, dtype=np.float32), name="day")
    targets = np.where(days > 280, 2, np.arange(300) % 2).astype(np.int64)
    ids = np.arange(300, dtype=np.uint64)
    schema = Schema(target="y", labels=["a", "b", "c"], columns=[])
    times = days.to_numpy(np.float64)
    rows = Rows(days.to_frame(), targets, ids, ids, ids, times, schema, {})
    with pytest.raises(UserError, match="1 classes have no training row"):
        assign(rows, config)


def test_rows_that_come_in_small_lots_reach_every_split(config: Config, tmp_path: Path) -> None:
    paths = config.paths.model_copy(update={"processed": tmp_path})
    ids, schema = np.arange(600, dtype=np.uint64), Schema(target="y", labels=None, columns=[])
    for end in range(200, 601, 8):
        own, codes = ids[:end], np.arange(end) % 3
        rows = Rows(pd.DataFrame(), codes, own, own, own, None, schema, {})
        names = assign(rows, config.model_copy(update={"paths": paths}))
    for name in ("val", "test"):  # four standard errors of a share of 400 rows
        assert abs((names[200:] == name).mean() - getattr(config.data, name)) < 0.08


def test_labels_can_not_change_places_after_training(run: Path, config: Config) -> None:
    labels = data.load(config).schema.labels
    if not labels or len(labels) > 2:
        pytest.skip("only of two labels one is the positive one")
    other = config.evaluate.model_copy(update={"positive": labels[0]})
    with pytest.raises(UserError, match=r"evaluate\.positive, have changed"):
        finished.reopen(run, config.model_copy(update={"evaluate": other}))


def test_labels_can_not_change_after_training(
    run: Path, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(values: pd.Series, config: Config) -> tuple[np.ndarray, list[str] | None]:
        codes, labels = encode(values, config)
        codes[7] = (codes[7] + 1) % len(labels or [])
        return codes, labels

    assert finished.reopen(run, config)
    monkeypatch.setattr("my_model.tables.rows.encode", changed)
    paths = config.paths.model_copy(
        update={
            "processed": shutil.copytree(
                config.paths.processed,
                tmp_path / "processed",
                ignore=shutil.ignore_patterns("rows-*"),
            )
        }
    )  # where no rows are kept that were read before
    config = config.model_copy(update={"paths": paths})
    with pytest.raises(UserError, match=r"the values of '.*' have changed since .* was trained"):
        finished.reopen(run, config)


def test_labels_that_are_numbers_keep_their_digits(config: Config) -> None:
    numbers = [*np.arange(10_023_456, 10_023_459), np.nan] * 12  # beyond what float32 tells apart
    column = pd.Series(numbers, name="code")
    texts = pd.Series(keys(cells_of(column.dropna().to_frame(), "code")), name="code")
    codes, labels = encode(texts, config)
    assert labels == ["10023456", "10023457", "10023458"]
    assert np.bincount(codes).tolist() == [12, 12, 12]
    table = canonical(column.to_frame(), [Column(name="code", kind="category", missing=True)])
    assert {*table["code"]} == {*labels, ""}  # a gap makes no 10023456.0


def test_a_sample_holds_every_class() -> None:
    targets = np.repeat([0, 1, 2], [90_000, 60_000, 3])
    places = sampled(np.random.default_rng(0).permutation(targets), 50_000)
    assert len(places) == len({*places}) and 30_000 < len(places) <= 50_003
    small = np.array([1, 0, 1, 2])
    assert sampled(small, 50_000).tolist() == [0, 1, 2, 3]
    assert {*targets[sampled(targets, 1000)]} == {0, 1, 2}
