"""Rows are read as they stand, split for ever, and checked against what they were."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from my_model import data
from my_model.config import Config
from my_model.runs import UserError
from my_model.tables import profile
from my_model.tables.cells import Column
from my_model.tables.schema import schema_file


def test_splits_share_no_row_and_leave_none_out(config: Config) -> None:
    splits, test = data.load(config), data.load_test(config)
    parts = [set(part.ids) for part in (splits.train, splits.val, test)]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    rows = sum(len(part.ids) for part in (splits.train, splits.val, test))
    of_file = splits.manifest["files"][config.data.path.as_posix()]["rows"]
    assert rows == of_file - splits.manifest["rows_without_target"]


def test_a_row_stays_in_its_split_when_the_file_is_shuffled_and_grows(
    config: Config, tmp_path: Path
) -> None:
    small = _with_file(config, tmp_path, lambda table: table.iloc[::2])
    before = set(data.load_test(small).ids)
    grown = _with_file(config, tmp_path, lambda table: table.sample(frac=1, random_state=1))
    after, train = set(data.load_test(grown).ids), set(data.load(grown).train.ids)
    assert before <= after and len(after) > len(before)
    assert not before & train


def test_time_splits_train_on_the_past(config: Config, tmp_path: Path) -> None:
    def dated(table: pd.DataFrame) -> pd.DataFrame:
        days = pd.date_range("2020-01-01", periods=len(table)).strftime("%d.%m.%Y")
        return table.assign(when=days).sample(frac=1, random_state=0)

    timed = _with_file(config, tmp_path, dated, time="when")
    splits, test = data.load(timed), data.load_test(timed)
    newest, oldest = splits.train.inputs["when"].max(), test.inputs["when"].min()
    assert newest < splits.val.inputs["when"].min() and splits.val.inputs["when"].max() < oldest


def test_groups_stay_together(config: Config, tmp_path: Path) -> None:
    def owned(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(
            owner=[f"o{row // 7}" for row in range(len(table))], row=range(len(table))
        )

    grouped = _with_file(config, tmp_path, owned, group="owner")
    splits, test = data.load(grouped), data.load_test(grouped)
    owners = [set(part.inputs["row"] // 7) for part in (splits.train, splits.val, test)]
    assert not owners[0] & owners[1] and not owners[0] & owners[2] and not owners[1] & owners[2]
    assert "owner" not in splits.train.inputs
    lonely = _with_file(config, tmp_path / "1", lambda table: table.assign(owner=1), group="owner")
    with pytest.raises(UserError, match="no row falls into"):
        data.load(lonely)


def test_what_changed_since_the_last_reading_is_told(config: Config, tmp_path: Path) -> None:
    first = _with_file(config, tmp_path, lambda table: table)
    assert not _told(first)
    number = _number(pd.read_csv(config.data.path))
    changes = {
        f"column {number!r} is a category, and was a number": lambda table: table.assign(
            **{number: "a lot"}
        ),
        f"column {number!r} goes from": lambda table: table.assign(**{number: table[number] * 1e6}),
        f"column {number!r} is gone": lambda table: table.drop(columns=number),
        "column 'more' is new": lambda table: table.assign(more=range(len(table))),
    }
    for message, change in changes.items():
        _with_file(config, tmp_path, lambda table: table)
        data.load(first)
        _with_file(config, tmp_path, change)
        assert any(message in note for note in _told(first)), message
    _with_file(config, tmp_path, lambda table: table.head(len(table) // 3))
    with pytest.raises(UserError, match="is the file cut off"):
        data.load(first)


def _told(config: Config) -> list[str]:
    notes = data.load(config).manifest["notes"]
    return [note for note in notes if note.startswith("since the last reading")]


def test_what_a_person_decided_stays_and_is_held_to(config: Config, tmp_path: Path) -> None:
    changed = _with_file(config, tmp_path, lambda table: table)
    data.load(changed)
    path = schema_file(changed.data.path, changed.paths.schemas)
    saved, name = path.read_text("utf-8"), _number(pd.read_csv(config.data.path))
    assert "decided: {}" in saved

    def decide(column: str, **settings: object) -> list[Column]:
        told = json.dumps({"decided": {column: settings}})[1:-1]
        path.write_text(saved.replace("decided: {}", told), "utf-8")
        return data.load(changed).schema.columns

    columns = decide(name, kind="category")
    assert next(each.kind for each in columns if each.name == name) == "category"
    assert f"{name}:\n    kind: category" in path.read_text("utf-8")  # and the rest is told anew
    with pytest.raises(UserError, match="is beyond"):
        decide(name, high=-1e9)
    with pytest.raises(UserError, match="Extra inputs"):
        decide(name, colour="red")
    with pytest.raises(UserError, match="has no column 'nothing'"):
        decide("nothing", kind="category")


def test_schemas_belong_to_paths(config: Config, tmp_path: Path) -> None:
    for month, name in enumerate(("jan", "feb")):
        made = _with_file(config, tmp_path / name, lambda table: table)
        paths = made.paths.model_copy(update={"schemas": tmp_path / "schemas"})
        kept = made.model_copy(update={"paths": paths})
        data.load(kept)
        assert len([*(tmp_path / "schemas").rglob("*.schema.yaml")]) == month + 1


def test_group_and_time_are_as_exact_as_they_are_written(config: Config, tmp_path: Path) -> None:
    def numbered(table: pd.DataFrame) -> pd.DataFrame:
        rows = np.arange(len(table))
        return table.assign(device=7_300_000_000_000 + rows // 4, ms=1_740_816_000_000 + 150 * rows)

    made = _with_file(config, tmp_path, numbered, group="device", drop=["ms"])
    assert len({*data.load(made).train.ids}) > 0  # one group of all would leave no rows to judge by
    timed = _with_file(config, tmp_path, numbered, time="ms", drop=["device"])
    splits = data.load(timed)
    rows = splits.manifest["files"][timed.data.path.as_posix()]["rows"]
    assert abs(splits.manifest["splits"]["test"] / rows - timed.data.test) < 0.02


def test_equal_rows_of_a_coarse_table_are_no_duplicates(config: Config, tmp_path: Path) -> None:
    def survey(table: pd.DataFrame) -> pd.DataFrame:
        rows = np.arange(len(table))
        answers = table[[config.data.target]]
        return answers.assign(region=rows % 3, plan=np.where(rows % 2, "a", "b"))

    splits = data.load(_with_file(config, tmp_path, survey, drop=[]))
    assert splits.manifest["twins_dropped"] == 0
    assert any("combinations of inputs" in note for note in splits.manifest["notes"])


def test_a_leaking_column_is_warned_about(config: Config, tmp_path: Path) -> None:
    target = config.data.target
    leaky = _with_file(config, tmp_path, lambda table: table.assign(leak=table[target]))
    assert any("'leak' may leak" in text for text in profile.profile(data.load(leaky))["warnings"])


def _number(table: pd.DataFrame) -> str:
    return str(table.select_dtypes("number").columns[-1])


def _with_file(config: Config, folder: Path, change, **settings: object) -> Config:
    """Write a changed copy of the demo file, and return a configuration that reads it."""
    folder.mkdir(exist_ok=True)
    path = folder / "changed.csv"
    table = pd.read_csv(config.data.path, na_values=config.data.missing, keep_default_na=False)
    change(table).to_csv(path, index=False)
    paths = {name: folder / name for name in ("runs", "processed", "schemas")}
    return config.model_copy(
        update={
            "data": config.data.model_copy(update={"path": path, **settings}),
            "paths": config.paths.model_copy(update=paths),
        }
    )
