"""What training tells step by step, as a table in the run."""

from pathlib import Path

from .runs import Log, write_text


def history(run: Path, tracker: Log) -> Log:
    """Return a `log(step, metrics)` that appends to history.csv and passes on to the tracker.

    Rows of a run that goes on stay, but for those from `step` on, which it repeats.
    """
    path = run / "history.csv"

    def log(step: int, metrics: dict[str, float]) -> None:
        header, *lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else [""]
        earlier = [line for line in lines if int(line.split(",")[0]) < step]
        header = ",".join(["step", *metrics])
        row = ",".join(map(str, [step, *metrics.values()]))
        write_text(path, "\n".join([header, *earlier, row]) + "\n")
        tracker(step, metrics)

    return log
