"""Prompts that read otherwise are noticed; each is answered, so here they are few."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from my_model import cli, data
from my_model.config import Config
from my_model.formats import gguf_runtime

LEAST = "--monitor.min_rows=20"


def altered(config: Config, path: Path, change: Callable[[str], str]) -> Path:
    """Held-out questions, each changed."""
    prompts = data.load_test(config).inputs["prompt"]
    questions = [change(json.loads(prompt)[-1]["content"]) for prompt in prompts]
    frame = pd.DataFrame({"question": questions})
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_json(path, orient="records", lines=True)
    return path


def drifted(run: Path) -> list[str]:
    return json.loads((run / "monitor/report.json").read_text())["drifted"]


def test_held_out_prompts_do_not_drift(
    config: Config, run: Path, options: list[str], tmp_path: Path
) -> None:
    """What is measured of them, and how long the answers of the export are, is as it was."""
    for name in ("same.csv", "same.jsonl"):
        path = altered(config, tmp_path / name, lambda text: text)
        assert cli.main(["monitor", str(path), "--run=demo", LEAST, *options]) == 0
    report = json.loads((run / "monitor/report.json").read_text())
    promise = gguf_runtime.load(run / "export/gguf").contract
    names = [told["name"] for told in promise["properties"]]
    assert {test["column"] for test in report["tests"]} == {*names, "__prediction__"}
    reference = pd.read_parquet(run / "export/gguf/reference.parquet")
    assert report["rows"] == len(data.load_test(config).ids) >= 20
    assert report["reference_rows"] == len(reference)


def test_another_style_does(config: Config, run: Path, options: list[str], tmp_path: Path) -> None:
    longer = altered(config, tmp_path / "longer.csv", lambda text: f"{text} {text} {text}")
    assert cli.main(["monitor", str(longer), "--run=demo", LEAST, *options]) == 1
    assert {"characters", "words"} <= set(drifted(run)) and "unseen" not in drifted(run)
    garbled = str.maketrans("aeio", "xqzj")
    strange = altered(config, tmp_path / "strange.csv", lambda text: text.translate(garbled))
    shouted = altered(config, tmp_path / "shouted.jsonl", str.upper)
    for path, column in ((strange, "unseen"), (shouted, "capitals")):
        assert cli.main(["monitor", str(path), "--run=demo", LEAST, *options]) == 1
        assert column in drifted(run) and not {"words", "turns"} & set(drifted(run))
    page = (run / "monitor/report.html").read_text()
    assert "<figcaption>capitals</figcaption>" in page
    assert "http" not in page.replace("http://www.w3.org/", "")  # needs no network


def test_a_column_may_be_let_drift(
    config: Config, run: Path, options: list[str], tmp_path: Path
) -> None:
    shouted = altered(config, tmp_path / "shouted.csv", str.upper)
    ignored = "--monitor.ignore=[capitals, unseen, __prediction__]"
    assert cli.main(["monitor", str(shouted), "--run=demo", LEAST, ignored, *options]) == 0
    assert drifted(run) == []


def test_too_few_prompts_are_not_judged(
    config: Config,
    run: Path,
    options: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = altered(config, tmp_path / "few.csv", lambda text: text)
    pd.read_csv(path).head(19).to_csv(path, index=False)
    assert cli.main(["monitor", str(path), "--run=demo", LEAST, *options]) == 2
    assert "19 rows are too few to judge, of 20 at least" in capsys.readouterr().err
    path.write_text("query\nWhat is Python?\n")
    assert cli.main(["monitor", str(path), "--run=demo", LEAST, *options]) == 2
    assert "has no 'question'; did you mean 'query'?" in capsys.readouterr().err
