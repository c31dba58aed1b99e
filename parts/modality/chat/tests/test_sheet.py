"""What a person fills in comes back as it was meant, whatever a program made of the file."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from judges import found, judge, longer, serving, unjudged

from my_model import cli
from my_model import sheet as sheets
from my_model.config import Config
from my_model.runs import UserError
from my_model.sheet import COLUMNS


@pytest.fixture
def judged(run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return unjudged(run, monkeypatch)


def sheet(options: list[str], *words: str) -> int:
    return cli.main(["sheet", "--run=judged", *options, *words])


def filled(path: Path) -> pd.DataFrame:
    """Return the sheet, filled by one who likes short answers; every third row is left open."""
    table = pd.read_csv(path, keep_default_na=False, dtype=str)
    sizes = [table[name].str.removeprefix("'").str.len() for name in COLUMNS[2:4]]
    table["better"] = np.select([sizes[0] < sizes[1], sizes[0] > sizes[1]], ["1", "2"], "tie")
    table.loc[::3, "better"] = ""
    return table


def test_a_sheet_goes_out_blind_and_comes_back(
    judged: Path, options: list[str], config: Config, tmp_path: Path
) -> None:
    """Whose answer stands first is in the run alone; a judge of the other taste agrees on none."""
    path = tmp_path / "pairs.csv"
    with serving(longer) as server:
        assert sheet(options, str(path)) == 0 and judge(config, judged, server)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfpair,prompt,answer 1,answer 2,better\r\n")
    again = tmp_path / "again.csv"
    assert sheet(options, str(again)) == 0 and again.read_bytes() == path.read_bytes()
    key = pd.read_csv(judged / "judging/key.csv").set_index("pair")["first"]
    table, answers = filled(path), pd.read_csv(judged / "evaluation/answers.csv", dtype=str)
    assert {*key} == {"model", "base"} and not (table == "model").to_numpy().any()
    for row in table.to_dict("records"):
        first = row["answer 1"].removeprefix("'")
        assert first in {*answers[key[row["pair"]]].fillna("")}
    table.to_csv(path, index=False)
    assert sheet(options, str(path), "--filled") == 0
    told = found(judged)
    person, open_ = told["person"], -(-len(table) // 3)
    assert person["open"] == open_ and person["pairs"] == len(table) - open_
    said = {"1": key, "2": key.map({"model": "base", "base": "model"})}
    rows = table[table["better"].isin(["1", "2"])].to_dict("records")
    assert person["wins"] == sum(said[r["better"]][r["pair"]] == "model" for r in rows)
    agreed = told["agreement"]
    assert agreed["pairs"] == person["pairs"] and agreed["raw"] == person["ties"] / agreed["pairs"]
    page = (judged / "report.html").read_text("utf-8")
    assert "a person, on pairs.csv" in page and f"agree in {100 * agreed['raw']:.0f} %" in page
    with pytest.raises(UserError, match=r"pairs\.csv: is there already; --filled reads it"):
        sheets.write(config, judged, path)


CHANGES: dict[str, dict[str, Any]] = {
    "semicolons and another encoding": {"sep": ";", "encoding": "cp1252", "errors": "replace"},
    "UTF-16 and tabs": {"sep": "\t", "encoding": "utf-16"},
    "a mark in front and other line ends": {"encoding": "utf-8-sig", "lineterminator": "\r\n"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_programs_do_to_a_file_changes_nothing(
    change: str, judged: Path, config: Config, tmp_path: Path
) -> None:
    path = tmp_path / "pairs.csv"
    sheets.write(config, judged, path)
    table = filled(path)
    table.to_csv(path, index=False)
    said, expected = sheets.read(config, judged, path), found(judged)
    moved = table[[*COLUMNS[::-1]]].sample(frac=1, random_state=1).assign(note="x")
    moved = pd.concat([moved, moved.head(1).map(lambda cell: "")])
    moved["better"] = moved["better"].replace({"1": "1.0", "tie": " Tie"})
    moved.rename(columns={"better": "Better "}).to_csv(path, index=False, **CHANGES[change])
    assert sheets.read(config, judged, path) == said
    assert found(judged)["person"]["outcomes"] == expected["person"]["outcomes"]


MISTAKES: dict[str, Any] = {
    "row 3: better is 'maybe': write 1, 2 or tie": lambda t: t.assign(better=["1", "maybe"]),
    "row 2: 'p1' is no pair of": lambda t: t.assign(pair=["p1", "p2"]),
    "stands twice": lambda t: t.iloc[[0, 0]],
    "has no column 'better'": lambda t: t.drop(columns="better"),
    "nothing stands in the column better": lambda t: t,
    "holds no rows": lambda t: t.head(0),
}


@pytest.mark.parametrize("reason", MISTAKES)
def test_a_mistake_is_one_sentence(
    reason: str, judged: Path, config: Config, tmp_path: Path
) -> None:
    path = tmp_path / "pairs.csv"
    sheets.write(config, judged, path)
    table = pd.read_csv(path, keep_default_na=False, dtype=str).head(2)
    MISTAKES[reason](table).to_csv(path, index=False)
    with pytest.raises(UserError, match=reason):
        sheets.read(config, judged, path)
    assert not (judged / "evaluation/judging.json").exists()


def test_a_sheet_that_is_not_there(
    judged: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert sheet(options, "no.csv", "--filled") == 2
    assert "judging/key.csv is missing" in capsys.readouterr().err
