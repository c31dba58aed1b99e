"""Every check is asked; what was right before tuning must not be wrong after it."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from my_model import cli, infer
from my_model.chats.questions import Check, read
from my_model.config import Config

SAID = {
    "a fine answer": "",
    "": r"does not hold \w",
    "a bad answer": "holds bad",
    "call +49 30 901820 or me@firm.org": "seems to hold e-mail addresses, phone numbers",
    "so <|im_end|>": "seems to hold a special token",
}


@pytest.mark.parametrize("said", SAID)
def test_what_is_wrong_is_named(said: str) -> None:
    assert Check(ask="a", must=r"\w", must_not="bad", why="b").fault(said) == SAID[said]


def test_the_demo_passes_its_checks(run: Path, config: Config) -> None:
    assert config.evaluate.checks is not None
    table = pd.read_csv(run / "evaluation/checks.csv", keep_default_na=False)
    asked = read(config.evaluate.checks)
    assert [*table["ask"]] == [check.ask for check in asked] and len(asked) >= 5
    assert all(table["model"].str.len() > 0) and set(table["model"]) != set(table["base"])
    details = json.loads((run / "evaluation/details.json").read_text())
    assert details["failures"] == [] and "Checks" in (run / "report.html").read_text()


def test_what_only_the_tuned_model_says_fails_it(
    run: Path, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = "What is Python?"
    prompt = json.dumps([{"role": "user", "content": ask}])
    (said,) = infer.predict(infer.load(run / "model"), pd.DataFrame({"prompt": [prompt]}))
    checks = [
        {"ask": ask, "must_not": rf"^{re.escape(said)}\Z", "why": "nobody says that"},
        {"ask": ask, "must": "Zanzibar", "why": "both miss it"},
        {"ask": ask, "must": rf"^(?!{re.escape(said)}\Z)", "why": "luck"},
    ]
    path = tmp_path / "checks.yaml"
    path.write_text(yaml.safe_dump(checks), "utf-8")
    shutil.copytree(run, run.parent / "checked")
    words = ["evaluate", "--run=checked", f"--evaluate.checks={path}", *options]
    assert cli.main(words) == 1
    told = capsys.readouterr().out
    assert f"the answer to {ask!r} holds" in told and "before tuning it passed" in told
    assert "Zanzibar (both miss it); that of its base does not hold Zanzibar." in told
    assert "(luck); that of its base comes from random weights." in told
    summary = json.loads((run.parent / "checked/metrics.json").read_text())
    page = (run.parent / "checked/report.html").read_text()
    assert summary["beats_baseline"] and "<b>Failed.</b>" in page and "nobody says that" in page


MISTAKES: dict[str, Any] = {
    "check 2: must: it is no regular expression": [{"ask": "a", "why": "b", "must": "("}],
    "check 2: why: Field required": [{"ask": "a"}],
    "check 2: mustnt: Extra inputs are not permitted": [{"ask": "a", "why": "b", "mustnt": "c"}],
}


@pytest.mark.parametrize("reason", MISTAKES)
def test_a_mistake_is_told_before_training(
    reason: str, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "checks.yaml"
    path.write_text(yaml.safe_dump([{"ask": "a", "why": "b"}, *MISTAKES[reason]]), "utf-8")
    assert cli.main(["data", f"--evaluate.checks={path}", *options]) == 2
    assert f"{path}: {reason}" in capsys.readouterr().err
    assert cli.main(["data", f"--evaluate.checks={tmp_path / 'no.yaml'}", *options]) == 2
    assert "no.yaml is missing; null asks nothing." in capsys.readouterr().err
