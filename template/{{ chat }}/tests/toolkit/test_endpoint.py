"""A judge that fails, hangs or is unreachable is reported in one sentence, without its key."""

import threading
from pathlib import Path

import pytest
from judge_server import command, copy_run, serving


@pytest.fixture
def judged(run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return copy_run(run, monkeypatch)


@pytest.mark.parametrize("status, tries", {503: 3, 429: 3, 401: 1, 302: 1, 404: 1}.items())
def test_only_transient_failures_are_retried(
    status: int,
    tries: int,
    judged: Path,
    options: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving(lambda request: status) as server:
        assert command(options, server, "--evaluate.judge.parallel=1") == 2
    message = capsys.readouterr().err
    assert f"/v1/chat/completions: status {status}" in message and message.count("\n") == 1
    assert len(server.requests) == tries and "sesame" not in message


def test_time_is_bounded_and_an_unreachable_address_fails_at_once(
    judged: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    done = threading.Event()
    with serving(lambda request: done.wait(60) or 500) as server:
        assert command(options, server, "--evaluate.judge.seconds=0.2") == 2
        done.set()
    assert "timed out" in capsys.readouterr().err
    assert command(options, server) == 2  # no server listens there any more
    assert "refused; verdicts so far are kept" in capsys.readouterr().err
