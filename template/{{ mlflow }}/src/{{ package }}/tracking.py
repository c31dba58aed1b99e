"""Log runs to MLflow: to sqlite:///mlflow.db, or to the server in MLFLOW_TRACKING_URI."""

import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from .config import Config
from .toolkit.config import flat
from .toolkit.runs import Log, UserError, say, write_text

FOLDER = Path(__file__).parent.name  # the package: the name of the experiment
ARTIFACTS = ("config.yaml", "metrics.json", "report.html", "model-card.md")
DATABASE = Path("mlflow.db")
VARIABLES = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # the defaults of 7 and 120 seconds take minutes to
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # notice that a server is down
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}
BATCH = 500  # metrics in one request; MLflow allows at most 1,000
PATHS = {"experiments": "artifact_location", "runs": "artifact_uri"}  # columns of the database
SECONDS = 10.0  # a killed run loses at most this much of its learning curve
PATIENCE = 10  # times as long as a request that failed, until the next one


@contextmanager
def start(config: Config, run: Path) -> Iterator[Log]:
    """Open the MLflow run of this folder, created at the first call; yield its log(step, metrics).

    The configuration is logged as parameters at the first call. On exit, remaining metrics and the
    small files that exist are sent. Raises UserError if MLflow has lost the run, or a new one
    cannot be opened; other errors of MLflow are printed as warnings and do not stop the run.
    """
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)
    import mlflow  # after the variables above, which MLflow reads when it is imported

    if "MLFLOW_TRACKING_URI" not in os.environ:
        mlflow.set_tracking_uri(f"sqlite:///{DATABASE.absolute().as_posix()}")
        _relocate()
    known, said = _recall(run), set[str]()
    try:
        mlflow.set_experiment(os.environ.get("MLFLOW_EXPERIMENT_NAME", FOLDER))
        session = mlflow.start_run(run_id=known, run_name=run.name)
        if not known:
            mlflow.log_params(flat(config))
            write_text(run / "tracker.json", json.dumps({"mlflow": session.info.run_id}))
    except mlflow.MlflowException as error:
        reason = _reason(error)
        if not (known and reason == _silence()):
            again = f"to log this run again, delete {run / 'tracker.json'}"
            fix = again if known else _way_out()
            raise UserError(f"MLflow cannot open run {run.name}: {reason}; {fix}.") from error
        say("warning", f"MLflow: {reason}: nothing is logged.")
        yield lambda step, metrics: None
        return
    status = "FAILED"
    try:
        with _batches(session.info.run_id, said) as log:
            yield log
        status = "FINISHED"
    finally:
        with _errors_as_warnings(said):
            for path in filter(Path.exists, (run / name for name in ARTIFACTS)):
                mlflow.log_artifact(str(path))
        with _errors_as_warnings(said):
            mlflow.end_run(status)


def _relocate() -> None:
    """Keep artifacts inside the project after it was moved: MLflow stores absolute paths."""
    from mlflow.utils.uri import is_local_uri, resolve_uri_if_local

    if not DATABASE.exists():
        return
    new = resolve_uri_if_local("mlruns")
    with suppress(sqlite3.Error), closing(sqlite3.connect(DATABASE)) as database, database:
        locations = database.execute("SELECT artifact_location FROM experiments").fetchall()
        roots = {each.rpartition("/")[0] for (each,) in locations if is_local_uri(each)}
        for old in (each for each in roots if each.endswith("/mlruns")):  # others are the user's
            for table, column in PATHS.items():
                path = f":new || substr({column}, length(:old) + 1)"
                command = f"UPDATE {table} SET {column} = {path} WHERE {column} LIKE :old || '/%'"
                database.execute(command, {"old": old, "new": new})


def _silence() -> str:
    """Return what is said of a server that is down."""
    from mlflow import get_tracking_uri

    return f"no answer at MLFLOW_TRACKING_URI ({get_tracking_uri()})"


def _way_out() -> str:
    from mlflow import get_tracking_uri

    if get_tracking_uri().endswith(f"/{DATABASE}"):
        return f"to begin a new database, move {DATABASE} away"
    return "check that address and its server, or unset MLFLOW_TRACKING_URI to log here"


def _reason(error: Exception) -> str:
    """Return the cause of an error on one line: MLflow's own message, if its server is not down."""
    from mlflow import get_tracking_uri
    from mlflow.exceptions import RestException

    if get_tracking_uri().startswith("http") and not isinstance(error, RestException):
        return _silence()
    return " ".join(str(error).split())[:300]


@contextmanager
def _errors_as_warnings(said: set[str]) -> Iterator[None]:
    """Print errors of MLflow as warnings, each once: logging must not stop a training."""
    from mlflow import MlflowException

    try:
        yield
    except (MlflowException, OSError) as error:
        if (reason := _reason(error)) not in said:
            say("warning", f"MLflow: {reason}.")
        said.add(reason)


def _recall(run: Path) -> str | None:
    """Return the MLflow id in the run's tracker.json, None if there is none yet."""
    path = run / "tracker.json"
    return json.loads(path.read_text(encoding="utf-8")).get("mlflow") if path.exists() else None


@contextmanager
def _batches(run_id: str, said: set[str]) -> Iterator[Log]:
    """Yield a log that sends metrics in batches: a call for each step would take 13 ms.

    Unsent metrics stay pending. A server that hangs gets so few requests that it costs little time.
    """
    from mlflow import MlflowClient
    from mlflow.entities import Metric

    pending: list[Metric] = []
    enough, due = BATCH, time.monotonic() + SECONDS

    def flush() -> None:
        nonlocal enough, due
        began = time.monotonic()
        with _errors_as_warnings(said):
            while pending:
                MlflowClient().log_batch(run_id, metrics=pending[:BATCH])
                del pending[:BATCH]
        ended = time.monotonic()
        enough = sys.maxsize if pending else BATCH
        due = ended + max(SECONDS, PATIENCE * (ended - began) if pending else 0)

    def log(step: int, metrics: dict[str, float]) -> None:
        now = time.time_ns() // 1_000_000
        pending.extend(Metric(name, float(value), now, step) for name, value in metrics.items())
        if len(pending) >= enough or time.monotonic() >= due:
            flush()

    try:
        yield log
    finally:
        flush()
        if pending:
            say("warning", f"MLflow lacks {len(pending):,} values; the run's files have them.")
