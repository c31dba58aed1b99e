"""A judge that fails, hangs or is not there is told in one sentence, without its key."""

import threading
from pathlib import Path

import pytest
from judges import command, serving, unjudged


@pytest.fixture
def judged(run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return unjudged(run, monkeypatch)


@pytest.mark.parametrize("status, tries", {503: 3, 429: 3, 401: 1, 302: 1, 404: 1}.items())
def test_a_judge_that_fails_is_asked_again_where_that_may_help(
    status: int,
    tries: int,
    judged: Path,
    options: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving(lambda told: status) as server:
        assert command(options, server, "--evaluate.judge.parallel=1") == 2
    told = capsys.readouterr().err
    assert f"/v1/chat/completions: it answers {status}" in told and told.count("\n") == 1
    assert len(server.asked) == tries and "sesame" not in told


def test_time_is_bounded_and_a_dead_address_told_at_once(
    judged: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    done = threading.Event()
    with serving(lambda told: done.wait(60) or 500) as server:
        assert command(options, server, "--evaluate.judge.seconds=0.2") == 2
        done.set()
    assert "timed out" in capsys.readouterr().err
    assert command(options, server) == 2  # nobody listens there any more
    assert "refused; what was judged is kept" in capsys.readouterr().err
