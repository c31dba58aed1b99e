"""Permutation importances tell columns that decide from those that don't, within their budget."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from my_model import data
from my_model.config import Config
from my_model.scores.importances import WORK, importances

RNG = np.random.default_rng(0)


def made(rows: int, classes: bool) -> tuple[pd.DataFrame, np.ndarray]:
    """Inputs of which one column alone decides, another a little, and their targets."""
    inputs = pd.DataFrame(RNG.normal(size=(rows, 2)), columns=["much", "little"])
    inputs["not"] = pd.Series(RNG.choice(["a", "b"], rows), dtype="category")
    values = _values(inputs)
    return inputs, (values > 0).astype(np.int64) if classes else values.astype(np.float32)


def _values(inputs: pd.DataFrame) -> np.ndarray:
    assert inputs["not"].dtype == "category"  # shuffling keeps the types
    return (inputs["much"] + 0.2 * inputs["little"]).to_numpy()


class Counted:
    """A model that is right, and counts the rows that it is asked."""

    def __init__(self, classes: bool) -> None:
        self.classes, self.rows = classes, 0

    def __call__(self, inputs: pd.DataFrame) -> np.ndarray:
        self.rows += len(inputs)
        chance = 1 / (1 + np.exp(-5 * _values(inputs)))
        answers = np.stack([1 - chance, chance], axis=1) if self.classes else _values(inputs)
        return answers.astype(np.float32)


@pytest.mark.parametrize("rows", [300, 30_000])
def test_columns_are_told_apart_by_how_much_they_decide(config: Config, rows: int) -> None:
    classes = config.evaluate.PROBLEM == "classification"
    inputs, targets = made(rows, classes)
    model, threshold = Counted(classes), 0.5 if classes else None
    table, facts = importances(model, inputs, targets, threshold, config)
    assert [*table["column"]] == ["much", "little", "not"]
    much, little, none = table[["importance", "spread"]].itertuples(index=False)
    assert much.importance > 10 * much.spread and much.importance > 2 * little.importance > 0
    assert tuple(none) == (0, 0)
    told = facts["importances"]
    assert 200 <= told["rows"] <= rows and 3 <= told["repeats"] <= 10
    assert model.rows == told["rows"] * (1 + 3 * told["repeats"]) <= WORK + told["rows"]
    again, _ = importances(model, inputs, targets, threshold, config)
    pd.testing.assert_frame_equal(table, again)
    other = config.model_copy(update={"seed": config.seed + 1})
    assert not importances(model, inputs, targets, threshold, other)[0].equals(table)


def test_report_shows_each_column(run: Path, config: Config) -> None:
    table = pd.read_csv(run / "evaluation/importances.csv")
    assert {*table["column"]} == {column.name for column in data.load(config).schema.columns}
    assert table["importance"].is_monotonic_decreasing and (table["spread"] >= 0).all()
    facts = json.loads((run / "evaluation/details.json").read_text())["importances"]
    page = (run / "report.html").read_text()
    assert "Importance of the columns" in page and f"{facts['repeats']} shuffles" in page
