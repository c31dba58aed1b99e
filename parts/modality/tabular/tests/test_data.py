"""Rows are read as they stand, split for ever, and checked against what they were."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from my_model import data
from my_model.config import Config
from my_model.runs import UserError
from my_model.tables import profile
from my_model.tables.schema import canonical, infer
from my_model.tables.table import read


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
    shutil.rmtree(small.paths.schemas)  # what is missing in few rows is not what may be missing
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


def test_kinds_of_columns(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(
        "id;when;price €;None;flag\n1;31.12.2024;1.5;None;True\n2;01.01.2025;;NA;False\n", "utf-8"
    )
    table = read(path, ["", "NA"])
    columns = infer(table)
    kinds = " ".join(column.kind for column in columns)
    assert kinds == "number date number category category"
    rows = canonical(table, columns)
    assert rows["when"].tolist() == [20088.0, 20089.0]
    assert rows["None"].tolist() == ["None", ""]
    assert np.isnan(rows["price €"][1])
    assert infer(pd.DataFrame({"flag": pd.array([True, None], "boolean")}))[0].missing


def test_a_file_that_no_longer_fits_its_schema_is_refused(config: Config, tmp_path: Path) -> None:
    good = _with_file(config, tmp_path, lambda table: table)
    data.load(good)
    spoilt = {
        "is not a number": lambda table: table.assign(**{_number(table): "a lot"}),
        "outside": lambda table: table.assign(**{_number(table): 1e9}),
        "is the file cut off": lambda table: table.head(len(table) // 3),
        "no column": lambda table: table.drop(columns=_number(table)),
    }
    for reason, spoil in spoilt.items():
        _with_file(config, tmp_path, spoil)
        with pytest.raises(UserError, match=reason):
            data.load(good)


def test_a_leaking_column_is_warned_about(config: Config, tmp_path: Path) -> None:
    target = config.data.target
    leaky = _with_file(config, tmp_path, lambda table: table.assign(leak=table[target]))
    assert any("'leak' may leak" in text for text in profile.profile(data.load(leaky))["warnings"])


def _number(table: pd.DataFrame) -> str:
    return str(table.select_dtypes("number").columns[-1])


def _with_file(config: Config, folder: Path, change, **settings: str) -> Config:
    """Write a changed copy of the demo file, and return a configuration that reads it."""
    folder.mkdir(exist_ok=True)
    path = folder / "changed.csv"
    table = read(config.data.path, config.data.missing)
    change(table).to_csv(path, index=False)
    paths = {name: folder / name for name in ("runs", "processed", "schemas")}
    return config.model_copy(
        update={
            "data": config.data.model_copy(update={"path": path, **settings}),
            "paths": config.paths.model_copy(update=paths),
        }
    )
