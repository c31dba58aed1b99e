"""Log runs to MLflow: to sqlite:///mlflow.db, or to the server in MLFLOW_TRACKING_URI."""

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
BATCH = 500  # metrics in one request; MLflow allows at most 1,000
SECONDS = 10.0  # a killed run loses at most this much of its learning curve


@contextmanager
def start(config: Config, run: Path) -> Iterator[Log]:
    """Open the MLflow run of this folder, created at the first call; yield its log(step, metrics).

    The configuration is logged as parameters at the first call. On exit, remaining metrics and the
    small files that exist are sent. Raises UserError if MLflow cannot be reached or has lost the
    run; later errors of MLflow are printed as warnings and do not stop the run.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault(
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2"
    )  # the default of 7 takes four minutes
    import mlflow  # after the variables above, which MLflow reads when it is imported

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
        fix = f"to log this run again, delete {run / 'tracker.json'}"
        raise UserError(f"MLflow cannot open run {run.name}: {error}; {fix}.") from error
    status = "FAILED"
    try:
        with _batches(session.info.run_id) as log:
            yield log
        status = "FINISHED"
    finally:
        with _errors_as_warnings():
            for path in filter(Path.exists, (run / name for name in ARTIFACTS)):
                mlflow.log_artifact(str(path))
        with _errors_as_warnings():
            mlflow.end_run(status)


@contextmanager
def _errors_as_warnings() -> Iterator[None]:
    """Print errors of MLflow as warnings: logging must not stop a training."""
    from mlflow import MlflowException

    try:
        yield
    except (MlflowException, OSError) as error:
        say("warning", f"MLflow: {' '.join(str(error).split())[:300]}")


def _recall(run: Path) -> str | None:
    """Return the MLflow id in the run's tracker.json, None if there is none yet."""
    path = run / "tracker.json"
    return json.loads(path.read_text(encoding="utf-8")).get("mlflow") if path.exists() else None


@contextmanager
def _batches(run_id: str) -> Iterator[Log]:
    """Yield a log that sends metrics in batches: a call for each step would take 13 ms."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric

    pending: list[Metric] = []
    sent, due = time.monotonic(), BATCH

    def flush() -> None:
        nonlocal sent, due
        with _errors_as_warnings():
            while pending:
                MlflowClient().log_batch(run_id, metrics=pending[:BATCH])
                del pending[:BATCH]
        sent, due = time.monotonic(), len(pending) + BATCH  # unsent metrics stay pending

    def log(step: int, metrics: dict[str, float]) -> None:
        now = time.time_ns() // 1_000_000
        pending.extend(Metric(name, float(value), now, step) for name, value in metrics.items())
        if len(pending) >= due or time.monotonic() - sent >= SECONDS:
            flush()

    try:
        yield log
    finally:
        flush()
