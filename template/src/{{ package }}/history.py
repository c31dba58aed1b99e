"""What training tells step by step, as a table in the run."""

from pathlib import Path

from .runs import Log, write_text


def history(run: Path, tracker: Log) -> Log:
    """Return a `log(step, metrics)` that appends to history.csv and passes on to the tracker.

    Rows of a run that goes on stay, but for those from the first `step` on, which it repeats.
    """
    path, begun = run / "history.csv", False

    def log(step: int, metrics: dict[str, float]) -> None:
        nonlocal begun
        if not begun:
            write_text(path, _earlier(path, step, ",".join(["step", *metrics])))
            begun = True
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(",".join(map(str, [step, *metrics.values()])) + "\n")
        tracker(step, metrics)

    return log


def _earlier(path: Path, step: int, header: str) -> str:
    """Return the whole rows before a step, below the header."""
    lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
    whole = [line for line in lines if line.count(",") == header.count(",")]
    kept = [line for line in whole if int(line.split(",")[0]) < step]
    return "\n".join([header, *kept, ""])
