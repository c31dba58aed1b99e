"""Run folders: create, find and log to them; and atomic writes of files."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

Log = Callable[[int, dict[str, float]], None]
TEST_SET_LOG = "test-evaluations.csv"  # in the folder of runs


class UserError(Exception):
    """An error that the user can fix: one sentence that says how, exit code 2."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a scratch path that replaces `path`, file or folder, only if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield scratch / path.name
        _place(scratch / path.name, path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _place(made: Path, path: Path) -> None:
    """Rename, replacing an existing folder, even if another process creates it again meanwhile."""
    while path.is_dir() and made.exists():
        remove(path)
        with suppress(OSError):
            made.replace(path)
    if made.exists():
        made.replace(path)


def remove(folder: Path) -> None:
    """Delete a folder if it exists; an interruption never leaves half of it in place."""
    if folder.exists():
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        with suppress(FileNotFoundError):  # another process was faster
            folder.replace(scratch / folder.name)
        shutil.rmtree(scratch, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, with the same line endings on every system."""
    with replacing(path) as scratch:
        scratch.write_text(text, encoding="utf-8", newline="\n")


def sha256(path: Path) -> str:
    """Return the hex SHA-256 of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder(root: Path, name: str) -> Path:
    """Return the path of run `name`, which need not exist."""
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise UserError(f"--run {name}: use only letters, digits, dots, hyphens and underscores.")
    return root / name


def find(root: Path, name: str | None = None) -> Path:
    """Return the folder of run `name`, default the newest run."""
    pointer = root / "latest"
    if name is None and not pointer.exists():
        raise UserError(f"{root} holds no run yet: run `train` first.")
    run = folder(root, name or pointer.read_text(encoding="utf-8").strip())
    if not (run / "config.yaml").exists():
        known = ", ".join(sorted(path.parent.name for path in root.glob("[!.]*/config.yaml")))
        raise UserError(f"{run} is not a run; the runs here are: {known or 'none'}.")
    return run


def say(stage: str, text: str) -> None:
    """Print a message of a stage."""
    print(f"{stage:>8}  {text}", flush=True)


@contextmanager
def create(root: Path, name: str | None, keep: bool, lineage: Collection[Path]) -> Iterator[Path]:
    """Yield the folder of a run, named `name` or by UTC time; `latest` points to it.

    An existing run of that name is replaced, unless `keep` is set; UserError if the new run is
    derived from it. After a UserError, or any failure before the first checkpoint, the previous
    state is restored.
    """
    run = folder(root, name) if name else _new(root)
    if run.resolve() in [path.resolve() for path in lineage]:
        raise UserError(f"--run {name}: the new run is derived from that one; use another name.")
    root.mkdir(parents=True, exist_ok=True)
    latest, own = root / "latest", f"{run.name}\n"
    before = latest.read_text(encoding="utf-8") if latest.exists() else None
    with tempfile.TemporaryDirectory(prefix=f".{run.name}.", dir=root) as aside:
        earlier = Path(aside) / run.name
        if name and not keep and run.exists():
            run.replace(earlier)
        run.mkdir(exist_ok=True)
        write_text(latest, own)
        try:
            yield run
        except BaseException as error:
            resumable = (run / "checkpoint").exists() and not isinstance(error, UserError)
            if not keep and not resumable:
                _undo(run, earlier)
                _point(latest, own, before)
            raise


def _undo(run: Path, earlier: Path) -> None:
    remove(run)
    if earlier.exists():
        earlier.replace(run)


def _point(latest: Path, own: str, before: str | None) -> None:
    """Point to the previous run, unless another process has changed the pointer."""
    if latest.read_text(encoding="utf-8") != own:
        return
    if before is None:
        latest.unlink()
    else:
        write_text(latest, before)


def _new(root: Path, number: int = 1) -> Path:
    """Create a folder with a new name; a clock set back can give the same name twice."""
    name = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    run = root / (name if number == 1 else f"{name}-{number}")
    try:
        run.mkdir(parents=True)
    except FileExistsError:
        return _new(root, number + 1)
    return run


def history(run: Path, tracker: Log) -> Log:
    """Return a `log(step, metrics)` that appends to history.csv and calls the tracker.

    A resumed run keeps earlier rows, except those from its first `step` on, which it repeats.
    """
    path, started = run / "history.csv", False

    def log(step: int, metrics: dict[str, float]) -> None:
        nonlocal started
        if not started:
            write_text(path, _earlier(path, step, ",".join(["step", *metrics])))
            started = True
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(",".join(map(str, [step, *metrics.values()])) + "\n")
        tracker(step, metrics)

    return log


def _earlier(path: Path, step: int, header: str) -> str:
    """Return the header and the complete rows before a step."""
    lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
    complete = [line for line in lines if line.count(",") == header.count(",")]
    kept = [line for line in complete if int(line.split(",")[0]) < step]
    return "\n".join([header, *kept, ""])


def log_test_set(run: Path, test_set: str, predictions: str) -> None:
    """Log an evaluation of a run: the hashes of the test rows and of its predictions."""
    path, line = run.parent / TEST_SET_LOG, f"{test_set},{predictions},"
    if not path.exists():
        write_text(path, "test_set,predictions,run\n")
    if line not in path.read_text(encoding="utf-8"):
        with path.open(
            "a", encoding="utf-8", newline="\n"
        ) as log:  # other processes may append too
            log.write(f"{line}{run.name}\n")


def models_evaluated(root: Path, test_set: str) -> int:
    """Return how many different models in `root` were evaluated on a test set."""
    path = root / TEST_SET_LOG
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    return max(1, known.count(f"\n{test_set}"))
