"""Where runs live on disk, and the one way to write a file: all of it or nothing."""

import csv
import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

Log = Callable[[int, dict[str, float]], None]


class UserError(Exception):
    """A mistake that the user can mend: one sentence with the way out, exit code 2."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a scratch path that becomes `path`, file or folder, only when the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield scratch / path.name
        if path.is_dir():
            shutil.rmtree(path)
        (scratch / path.name).replace(path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step, with the same line ends on every system."""
    with replacing(path) as scratch:
        scratch.write_text(text, encoding="utf-8", newline="\n")


def sha256(path: Path) -> str:
    """Return the hex SHA-256 of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def create(root: Path, name: str | None = None, keep: bool = False) -> Path:
    """Make the folder of a run, named by UTC time if not by `name`; `latest` points at it.

    A run that is trained anew under its old name starts empty, unless `keep` is set.
    """
    run = _folder(root, name or datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f"))
    if run.exists() and not keep:
        shutil.rmtree(run)
    run.mkdir(parents=True, exist_ok=keep)
    write_text(root / "latest", run.name + "\n")
    return run


def _folder(root: Path, name: str) -> Path:
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise UserError(f"--run {name}: use letters, digits, dots, hyphens and underscores alone.")
    return root / name


def find(root: Path, name: str | None = None) -> Path:
    """Return the folder of run `name`, or of the newest run."""
    pointer = root / "latest"
    if name is None and not pointer.exists():
        raise UserError(f"{root} holds no run yet: run `train` first.")
    run = _folder(root, name or pointer.read_text(encoding="utf-8").strip())
    if not run.is_dir():
        known = ", ".join(sorted(path.name for path in root.glob("*/"))) or "none"
        raise UserError(f"{run} is not a run; the runs here are: {known}.")
    return run


@contextmanager
def history(run: Path, tracker: Log) -> Iterator[Log]:
    """Give a `log(step, metrics)` that writes history.csv and passes on to the tracker."""
    with (run / "history.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        names: list[str] = []

        def log(step: int, metrics: dict[str, float]) -> None:
            if not names:
                names.extend(metrics)
                rows.writerow(["step", *names])
            rows.writerow([step, *(metrics[name] for name in names)])
            file.flush()
            tracker(step, metrics)

        yield log


def say(stage: str, text: str) -> None:
    """Tell the user what a stage has done."""
    print(f"{stage:>8}  {text}", flush=True)
