"""`run` says beforehand about how long it takes: by an earlier run, or by figures of the model."""

from pathlib import Path

import pytest

from my_model import duration
from my_model.config import Config
from my_model.duration import HEADER, LOG, Duration


def test_a_run_takes_as_long_as_the_one_before(run: Path, config: Config) -> None:
    known = duration.of(config)
    last = [line for line in (run.parent / LOG).read_text().splitlines() if known.settings in line]
    assert known.cells > 0 and known.expected() == pytest.approx(float(last[-1].split(",")[2]))
    other = config.model_copy(update={"model": config.model.model_copy(update={"name": "other"})})
    assert duration.of(other).expected() is None  # neither a figure nor a run of it


def test_more_rows_take_longer_by_what_grows_with_them(tmp_path: Path) -> None:
    log = tmp_path / LOG
    log.write_text(f"{HEADER}\nsame,1,1.0\nsame,10000,30.0\nother,10000,99.0\n")
    assert Duration("same", 40_000, (10.0, 5.0), log).expected() == pytest.approx(60)
    assert Duration("same", 40_000, None, log).expected() == pytest.approx(120)


def test_the_first_run_is_judged_by_the_pace_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0.05 < duration._pace() < 100
    monkeypatch.setattr(duration, "_pace", lambda: 2.0)
    assert Duration("new", 40_000, (10.0, 5.0), tmp_path / LOG).expected() == 60
    assert Duration("new", 40_000, None, tmp_path / LOG).expected() is None


@pytest.mark.parametrize(
    ("seconds", "told"),
    [("2", "about 5 s"), ("88", "about 90 s"), ("600", "about 10 min"), ("7300", "about 2 h")],
)
def test_it_is_told_in_a_line(
    seconds: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Duration("same", 10, (1.0, 1.0), tmp_path / LOG)
    made.remember(float(seconds))
    made.announce()
    assert capsys.readouterr().out == f"     run  training, evaluation and export: {told}\n"
