"""A judge is asked twice about each pair, over real HTTP; its verdicts are kept and counted."""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from judges import command, found, judge, lines, longer, serving, unjudged

from my_model import cli
from my_model.config import Config
from my_model.judging import asking
from my_model.runs import UserError


@pytest.fixture
def judged(run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return unjudged(run, monkeypatch)


def test_a_rule_comes_out_as_the_table_says(judged: Path, options: list[str]) -> None:
    table = pd.read_csv(judged / "evaluation/answers.csv", keep_default_na=False)
    sizes = table["model"].str.len() - table["base"].str.len()
    sizes = sizes[table["model"].str.split() != table["base"].str.split()]
    with serving(longer) as server:
        assert command(options, server) == 0
    told = found(judged)["judge"]
    counts = [(sizes > 0).sum(), (sizes == 0).sum(), (sizes < 0).sum()]
    assert [told[name] for name in ("wins", "ties", "losses")] == counts
    assert told["pairs"] == len(sizes) > 0 and told["same"] == len(table) - len(sizes)
    assert told["position_decided"] == told["no_verdict"] == 0
    assert len(server.asked) == 2 * told["pairs"] and {*server.keys} == {"Bearer sesame"}
    assert all(each["temperature"] == 0 and each["seed"] == 0 for each in server.asked)
    assert f"{told['win_rate']:.4g}</td>" in (judged / "report.html").read_text("utf-8")
    kept = lines(judged)
    assert len(kept) == len(server.asked) and all(each["verdict"] for each in kept)
    assert not any("sesame" in path.read_text("utf-8") for path in judged.rglob("jud*.json*"))


def test_a_place_that_always_wins_is_seen(judged: Path, config: Config) -> None:
    with serving(lambda told: "[[A]]") as server:
        said = judge(config, judged, server)
    told = found(judged)["judge"]
    assert told["position_decided"] == told["ties"] == told["pairs"] and told["win_rate"] == 0.5
    assert f"{told['pairs']} of the ties are decided by position" in said


def test_only_what_is_missing_is_asked(judged: Path, options: list[str], config: Config) -> None:
    """After a judge that died, after a line that was cut off; all of it for another judge."""
    with serving(lambda told: longer(told) if len(server.asked) <= 5 else 401) as server:
        assert command(options, server, "--evaluate.judge.parallel=1") == 2
        assert len(lines(judged)) == 5 and not (judged / "evaluation/judging.json").exists()
        path = judged / "judging/judge.jsonl"
        path.write_bytes(path.read_bytes()[:-20])
        server.rule, server.asked = longer, []
        said = judge(config, judged, server)
        every = 2 * found(judged)["judge"]["pairs"]
        assert len(server.asked) == every - 4 and len(lines(judged)) == every
        server.asked = []
        assert judge(config, judged, server) == said and not server.asked
        judge(config, judged, server, model="other")
        assert len(server.asked) == every
        path.write_text("{}\n" + path.read_text("utf-8"), "utf-8")
        with pytest.raises(UserError, match=r"judge\.jsonl: a line is broken"):
            judge(config, judged, server)


def test_what_is_no_verdict_is_told(
    judged: Path, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nonsense, and a question that is refused, count for no side."""
    with serving(lambda told: "perhaps" if len(server.asked) == 1 else longer(told)) as server:
        judge(config, judged, server, parallel=1)
        assert "1 of " in capsys.readouterr().out and found(judged)["judge"]["no_verdict"] == 1
        server.rule = lambda told: "perhaps"
        with pytest.raises(UserError, match="no reply holds a verdict, such as 'perhaps'"):
            judge(config, judged, server, model="vague")
        server.rule = lambda told: 400 if len(server.asked) % 10 == 0 else longer(told)
        judge(config, judged, server, model="short")
        assert found(judged)["judge"]["refused"] > 0
        server.rule = lambda told: 400
        with pytest.raises(UserError, match=r"400: not with Bearer \*\*\*"):
            judge(config, judged, server, model="none")
    assert "sesame" not in capsys.readouterr().out


WRONG = {
    "question: it needs $prompt, $first and $second": {"question": "$prompt $first"},
    "question: a $ is followed by no name": {"question": "$prompt $first $second $5"},
    "verdict: put the letter": {"verdict": "[ABC]"},
    "verdict: it is no regular expression": {"verdict": "(A"},
    "sytem: Extra inputs are not permitted": {"sytem": "a"},
}


@pytest.mark.parametrize("reason", WRONG)
def test_a_mistake_in_the_prompt_is_explained(
    reason: str, run: Path, config: Config, tmp_path: Path
) -> None:
    told = yaml.safe_load(config.evaluate.judge.prompt.read_text("utf-8"))
    path = tmp_path / "judge.yaml"
    path.write_text(yaml.safe_dump({**told, **WRONG[reason]}), "utf-8")
    with pytest.raises(UserError, match=re.escape(f"{path}: {reason}")):
        asking.read(path)


def test_nothing_is_asked_without_an_address(
    run: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["judge", "--run=demo", *options]) == 2
    assert "evaluate.judge: set url and model" in capsys.readouterr().err
