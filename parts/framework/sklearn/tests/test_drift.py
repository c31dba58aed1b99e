"""Whatever the estimator, its predictions for new rows of the same draw are no drift."""

from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from quick import MODELS

from my_model import infer
from my_model.config import Config
from my_model.data import Split, Splits
from my_model.drift.reference import Reference, build, shown
from my_model.drift.statistics import PREDICTION, Finding, compare, predicted
from my_model.estimators import ESTIMATORS
from my_model.tables.infer import infer as columns
from my_model.tables.schema import Schema, canonical
from my_model.train import fit

LEAVES = "random-forest, leaves of one row"
CASES = {name: (name, dict[str, int]()) for name in ESTIMATORS}
CASES[LEAVES] = "random-forest", {"min_samples_leaf": 1}
QUARTER = 10  # of 40, the standard deviation of `speed`


def population(rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw a table as real ones are: gaps, ties, a long tail, many levels, a noisy target."""
    speed, height = rng.normal(150, 40, rows), np.round(rng.lognormal(5, 1.5, rows), -1)
    phase = rng.choice(["approach", "climb", "roll"], rows, p=[0.5, 0.3, 0.2])
    score = (
        (speed - 150) / 40 + (phase == "climb") + 0.3 * np.log1p(height) + rng.normal(0, 2, rows)
    )
    return pd.DataFrame(
        {
            "speed": speed,
            "height": np.where(rng.random(rows) < 0.1, np.nan, height),
            "engines": rng.choice([1.0, 2.0, 4.0], rows, p=[0.2, 0.7, 0.1]),
            "noise": rng.normal(size=rows),
            "phase": phase,
            "airport": [f"A{level}" for level in np.minimum(rng.zipf(1.5, rows), 999)],
            "score": score,
        }
    )


def splits(table: pd.DataFrame, labels: list[str] | None) -> tuple[Splits, Split]:
    """Return three fifths, a fifth and a fifth of a table, as `data.load_all` does."""
    described = columns(table.drop(columns="score"))
    inputs, score = canonical(table, described), table["score"].to_numpy(np.float32)
    targets = (score > 4).astype(np.int64) if labels else score
    ends = [0, len(table) * 3 // 5, len(table) * 4 // 5, len(table)]
    train, val, test = (
        Split(inputs[start:end], targets[start:end], np.arange(start, end, dtype=np.uint64))
        for start, end in pairwise(ends)
    )
    return Splits(train, val, Schema(target="score", labels=labels, columns=described), {}), test


class Draw:
    """A model of one table, and what `monitor` keeps beside it: of rows that no fit has seen."""

    def __init__(self, config: Config, rows: int, rng: np.random.Generator, scratch: Path) -> None:
        self.labels = ["no", "yes"] if config.evaluate.PROBLEM == "classification" else None
        self.table = population(rows, rng)
        own, test = splits(self.table, self.labels)
        self.schema = own.schema
        self.parts = {"train": own.train.inputs, "val": own.val.inputs, "test": test.inputs}
        self.predict = partial(infer.predict, fit(config, own, lambda step, told: None, scratch))
        self.reference = self.holding_out("test")

    def holding_out(self, name: str) -> Reference:
        """Return the reference with the predictions of that part."""
        fitted = [inputs for part, inputs in self.parts.items() if part != name]
        return build(self.predict, fitted, self.parts[name], self.schema, 0)

    def findings(self, table: pd.DataFrame, reference: Reference | None = None) -> list[Finding]:
        """Return what `monitor` finds in new rows."""
        inputs = canonical(table, self.schema.columns)
        rows = shown(inputs, [column.name for column in self.schema.columns])
        rows[PREDICTION] = predicted(self.predict(inputs), self.labels)
        before, now, _ = (reference or self.reference).beside(rows)
        kinds = {column.name: column.kind for column in self.schema.columns}
        return compare(before, now, {**kinds, PREDICTION: "number"}, 0.01)


def drifted(findings: list[Finding]) -> set[str]:
    return {finding.column for finding in findings if finding.drifted}


def settings(config: Config, case: str) -> Config:
    """Return the configuration of a case."""
    name, train = CASES[case]
    model = config.model.model_copy(update={"name": name})
    return config.model_copy(
        update={"model": model, "train": config.train.model_copy(update=train)}
    )


@pytest.mark.parametrize("case", [*MODELS, LEAVES])
def test_new_rows_are_quiet_and_a_shift_is_loud(case: str, config: Config, tmp_path: Path) -> None:
    """Of one draw: tests/simulate_drift.py of the template has the rates of a hundred."""
    rng = np.random.default_rng(0)
    draw = Draw(settings(config, case), 1500, rng, tmp_path)
    fresh = population(900, rng)
    assert drifted(draw.findings(fresh)) == set()
    assert drifted(draw.findings(draw.table)) == set()
    assert "speed" in drifted(draw.findings(fresh.assign(speed=fresh["speed"] + QUARTER)))
