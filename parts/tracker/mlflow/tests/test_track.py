"""A run read back from MLflow's database, and over HTTP from the server behind its page."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from my_model import track
from my_model.config import Config
from my_model.runs import UserError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A working directory of its own, where MLflow's default database is made."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID"):
            patch.setenv(name, "")  # so that it is restored, though MLflow itself sets one
            patch.delenv(name)
        path = tmp_path_factory.mktemp("mlflow")
        patch.chdir(path)
        yield path


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    """The address of `mlflow ui`, which also makes the database; ended with all its workers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "ui", "--port", str(port), "--workers", "1"]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "server.log").open("w") as output:
        process = subprocess.Popen(
            command, env=os.environ | quiet, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield wait_for(f"http://127.0.0.1:{port}", process, folder / "server.log")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def wait_for(address: str, process: subprocess.Popen, output: Path) -> str:
    """Return the address once it is healthy; a busy machine may need minutes."""
    end = time.monotonic() + 240
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=5).close()
            return address
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"mlflow ui did not answer:\n{output.read_text()}")


def test_values_read_back(config: Config, folder: Path, server: str) -> None:
    run = folder / "first"
    run.mkdir()
    with track.start(config, run) as log:
        for step in range(3):
            log(step, {"loss": 1 / (step + 1)})
    (run / "metrics.json").write_text("{}")
    with track.start(config, run) as log:  # as evaluate does
        log(3, {"test/r2": 0.5})

    from mlflow import MlflowClient

    client = MlflowClient("sqlite:///mlflow.db")
    known = json.loads((run / "tracker.json").read_text(encoding="utf-8"))["mlflow"]
    stored = client.get_run(known)
    assert stored.data.params["seed"] == str(config.seed)
    assert (stored.info.run_name, stored.info.status) == ("first", "FINISHED")
    losses = [(point.step, point.value) for point in client.get_metric_history(known, "loss")]
    assert losses == [(0, 1.0), (1, 0.5), (2, 1 / 3)]
    assert [file.path for file in client.list_artifacts(known)] == ["metrics.json"]

    with urllib.request.urlopen(server, timeout=60) as page:
        assert b"<title>MLflow</title>" in page.read()
    with urllib.request.urlopen(f"{server}/api/2.0/mlflow/runs/get?run_id={known}") as answer:
        metrics = json.load(answer)["run"]["data"]["metrics"]
    assert {point["key"]: point["value"] for point in metrics} == {"loss": 1 / 3, "test/r2": 0.5}


def test_lost_run_is_named(config: Config, folder: Path, server: str) -> None:
    run = folder / "lost"
    run.mkdir()
    (run / "tracker.json").write_text(json.dumps({"mlflow": "0" * 32}))
    with pytest.raises(UserError, match=r"delete .*tracker.json"), track.start(config, run):
        pass


def test_a_training_outlives_its_tracker(
    config: Config, folder: Path, server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run, database = folder / "last", folder / "mlflow.db"
    run.mkdir()
    with track.start(config, run) as log:
        whole = database.read_bytes()
        database.write_bytes(b"no database any more")
        for step in range(track.BATCH + 1):
            log(step, {"loss": 1.0})
    database.write_bytes(whole)  # MLflow stays with it in this process
    assert capsys.readouterr().out.count("warning  MLflow: ") == 3  # twice the curve, once the end
