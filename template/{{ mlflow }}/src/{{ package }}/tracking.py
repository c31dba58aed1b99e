"""Send runs to MLflow: to sqlite:///mlflow.db, or to the server named by MLFLOW_TRACKING_URI."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .config import Config
from .toolkit.config import flat
from .toolkit.runs import Log, UserError, say, write_text

FOLDER = Path(__file__).parent.name  # the package: the name of the experiment
ARTIFACTS = ("config.yaml", "metrics.json", "report.html", "model-card.md")
BATCH = 500  # measurements sent at once; MLflow takes at most 1,000
SECONDS = 10.0  # a killed run loses at most this much of its curve


@contextmanager
def start(config: Config, run: Path) -> Iterator[Log]:
    """Open the MLflow run of this folder, made at the first call, and give its log(step, metrics).

    The configuration is logged as parameters at the first call. Every exit sends what is left and
    the small files that exist. Raises UserError when MLflow cannot be reached or has lost the run;
    once the run has begun, that is told and costs nothing but what MLflow would have shown.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # of 7, which take four minutes
    import mlflow  # here, because MLflow reads the lines above while it is imported

    if "MLFLOW_TRACKING_URI" not in os.environ:
        mlflow.set_tracking_uri(f"sqlite:///{Path('mlflow.db').absolute().as_posix()}")
    known = _recall(run)
    try:
        mlflow.set_experiment(os.environ.get("MLFLOW_EXPERIMENT_NAME", FOLDER))
        session = mlflow.start_run(run_id=known, run_name=run.name)
        if not known:
            mlflow.log_params(flat(config))
            write_text(run / "tracker.json", json.dumps({"mlflow": session.info.run_id}))
    except mlflow.MlflowException as error:
        way_out = f"to log this run anew, delete {run / 'tracker.json'}"
        raise UserError(f"MLflow cannot open run {run.name}: {error}; {way_out}.") from error
    status = "FAILED"
    try:
        with _batches(session.info.run_id) as log:
            yield log
        status = "FINISHED"
    finally:
        with _told():
            for path in filter(Path.exists, (run / name for name in ARTIFACTS)):
                mlflow.log_artifact(str(path))
        with _told():
            mlflow.end_run(status)


@contextmanager
def _told() -> Iterator[None]:
    """Tell what MLflow could not do: a training is worth more than its curve."""
    from mlflow import MlflowException

    try:
        yield
    except (MlflowException, OSError) as error:
        say("warning", f"MLflow: {' '.join(str(error).split())[:300]}")


def _recall(run: Path) -> str | None:
    """Return the MLflow id kept in the run's tracker.json, None when there is none yet."""
    note = run / "tracker.json"
    return json.loads(note.read_text(encoding="utf-8")).get("mlflow") if note.exists() else None


@contextmanager
def _batches(run_id: str) -> Iterator[Log]:
    """Give a log that sends many measurements in one call: one call a step would cost 13 ms."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric

    waiting: list[Metric] = []
    sent, due = time.monotonic(), BATCH

    def flush() -> None:
        nonlocal sent, due
        with _told():
            while waiting:
                MlflowClient().log_batch(run_id, metrics=waiting[:BATCH])
                del waiting[:BATCH]
        sent, due = time.monotonic(), len(waiting) + BATCH  # what was not sent waits on

    def log(step: int, metrics: dict[str, float]) -> None:
        now = time.time_ns() // 1_000_000
        waiting.extend(Metric(name, float(value), now, step) for name, value in metrics.items())
        if len(waiting) >= due or time.monotonic() - sent >= SECONDS:
            flush()

    try:
        yield log
    finally:
        flush()
