"""Whoever does what a warning or an error advises has no such warning or error any more."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from my_model import data
from my_model.config import Config
from my_model.runs import UserError
from my_model.tables.profile import profile
from my_model.tables.schema import schema_file

ROWS = 400
RANDOM = np.random.default_rng(0)
NUMBERS = RANDOM.normal(size=ROWS).round(3)


def made(config: Config, folder: Path, text: str, **settings: object) -> Config:
    """Return a configuration of a small file whose target is `y`."""
    path = folder / "small.csv"
    path.write_text(text, "utf-8")
    plain = {"path": path, "target": "y", "drop": [], "group": None, "time": None} | settings
    paths = {name: folder / name for name in ("runs", "processed", "schemas")}
    return config.model_copy(
        update={
            "data": config.data.model_copy(update=plain),
            "paths": config.paths.model_copy(update=paths),
        }
    )


def table(config: Config, **columns: object) -> str:
    """Return a file of `x`, a target of the project's kind, and these columns."""
    y = NUMBERS + RANDOM.normal(size=ROWS)
    y = np.where(y > 0, "yes", "no") if config.evaluate.PROBLEM == "classification" else y
    return pd.DataFrame({"x": NUMBERS, **columns, "y": y}).to_csv(index=False)


def told(config: Config) -> list[str]:
    """Return the warnings, or the one error that there is instead."""
    try:
        return profile(data.load(config))["warnings"]
    except UserError as error:
        return [str(error)]


def with_settings(config: Config, **settings: object) -> Config:
    return config.model_copy(update={"data": config.data.model_copy(update=settings)})


DROPPED = {
    "'one' is constant": {"one": 7},
    "'one' numbers the rows like an id": {"one": np.arange(ROWS) * 3},
    "'one' looks like an id": {"one": [f"case {number:05}" for number in range(ROWS)]},
    "'one' holds cells of lists": {},
}


@pytest.mark.parametrize("warning", DROPPED)
def test_a_column_that_should_go_can_go(warning: str, config: Config, tmp_path: Path) -> None:
    own = made(config, tmp_path, table(config, **DROPPED[warning]))
    if not DROPPED[warning]:  # only formats that hold lists have such cells
        frame = pd.read_csv(own.data.path).assign(one=[[1, 2]] * ROWS)
        frame.to_parquet(path := tmp_path / "small.parquet")
        own = with_settings(own, path=path)
    (text,) = (each for each in told(own) if warning in each)
    assert "data.drop" in text
    assert not any("'one'" in each for each in told(with_settings(own, drop=["one"])))


def test_what_means_missing_can_be_said(config: Config, tmp_path: Path) -> None:
    cells = [str(number) for number in NUMBERS]
    cells[28] = "?"
    own = made(config, tmp_path, table(config, hp=cells))
    (text,) = (each for each in told(own) if "'hp'" in each)
    advice = yaml.safe_load(re.search(r"--data\.missing '(.*)'", text)[1])
    better = with_settings(own, missing=advice)
    assert not any("'hp' is read as" in each for each in told(better))
    kinds = {column.name: column for column in data.load(better).schema.columns}
    assert kinds["hp"].kind == "number" and kinds["hp"].missing


def test_the_order_of_days_and_months_can_be_said(config: Config, tmp_path: Path) -> None:
    days = [f"{1 + row % 12:02}/{1 + row % 11:02}/2023" for row in range(ROWS)]
    own = made(config, tmp_path, table(config, when=days))
    (text,) = told(own)
    for order in re.search(r"--data\.dates (\S+) or (\S+)\.", text).groups():
        kinds = {c.name: c.kind for c in data.load(with_settings(own, dates=order)).schema.columns}
        assert kinds["when"] == "date"


def test_damaged_rows_can_be_left_out(config: Config, tmp_path: Path) -> None:
    own = made(config, tmp_path, table(config) + "1.5\n")
    (text,) = told(own)
    assert f"row {ROWS + 1}" in text and "--data.bad_rows skip" in text
    splits = data.load(with_settings(own, bad_rows="skip"))
    assert splits.manifest["files"][own.data.path.as_posix()]["rows"] == ROWS


def test_a_file_that_was_meant_to_shrink_is_taken(config: Config, tmp_path: Path) -> None:
    text = table(config)
    own = made(config, tmp_path, text)
    data.load(own)
    made(config, tmp_path, "".join(text.splitlines(keepends=True)[: ROWS // 3]))
    (refused,) = told(own)
    path = schema_file(own.data.path, own.paths.schemas)
    assert str(path) in refused and "lower `rows` there" in refused
    path.write_text(path.read_text("utf-8").replace(f"rows: {ROWS}", "rows: 10"), "utf-8")
    assert data.load(own).manifest["files"][own.data.path.as_posix()]["rows"] == ROWS // 3 - 1


def test_a_decision_that_does_not_hold_can_be_changed(config: Config, tmp_path: Path) -> None:
    own = made(config, tmp_path, table(config))
    data.load(own)
    path = schema_file(own.data.path, own.paths.schemas)
    text = path.read_text("utf-8")
    path.write_text(text.replace("decided: {}", "decided:\n  x:\n    high: 1.0"), "utf-8")
    (refused,) = told(own)
    assert "column 'x'" in refused and str(path) in refused and "decided" in refused
    path.write_text(text.replace("decided: {}", "decided:\n  x:\n    high: 9.0"), "utf-8")
    assert data.load(own)
