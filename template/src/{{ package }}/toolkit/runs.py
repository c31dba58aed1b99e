"""Run folders: create, find, log; and files that are written whole, by one process at a time."""

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

Log = Callable[[int, dict[str, float]], None]
LATEST = "latest"  # in the folder of all runs: a file with the name of the newest one
TEST_SET_LOG = "test-evaluations.csv"  # in the folder of all runs
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}  # of a file system


class UserError(Exception):
    """An error that the user can fix: one sentence that says how, exit code 2."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a scratch path that replaces `path`, a file or folder, only if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield scratch / path.name
        _place(scratch / path.name, path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _place(scratch: Path, path: Path) -> None:
    """Rename; an existing folder is removed first, again if another process creates it."""
    while path.is_dir() and scratch.exists():
        remove(path)
        with suppress(OSError):
            scratch.replace(path)
    if scratch.exists():
        scratch.replace(path)


def remove(folder: Path) -> None:
    """Delete a folder, if it exists, in one step: an interruption never leaves half of it."""
    if folder.exists():
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        with suppress(FileNotFoundError):  # another process was quicker
            folder.replace(scratch / folder.name)
        shutil.rmtree(scratch, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, with the same line endings on every system."""
    with replacing(path) as scratch:
        scratch.write_text(text, encoding="utf-8", newline="\n")


def read_json(path: Path) -> Any:
    """Return the content of a file that a stage has written; UserError if it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run the stage that writes it again.") from None
    except ValueError as error:
        reason = f"{path} is damaged ({error})"
        raise UserError(f"{reason}: run the stage that writes it again.") from None


@contextmanager
def appending(path: Path) -> Iterator[BinaryIO]:
    """Open a file at its end, on a new line if a failed write has left half of one."""
    with path.open("a+b") as file:
        if file.tell() and file.seek(-1, os.SEEK_END) >= 0 and file.read(1) != b"\n":
            file.write(b"\n")
            file.flush()
        yield file


@contextmanager
def alone(path: Path, other: str) -> Iterator[None]:
    """Reserve a path until the block ends or the process dies; within it, again.

    UserError, with `other` as the way out, if another process has reserved it. Between machines
    this holds on file systems that share locks, such as NFS and SMB. Scratch folders that a killed
    process has left are removed.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.with_name(f".{path.name}.lock")
    lock = FileLock(file.absolute(), is_singleton=True, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise UserError(
            f"{path} is in use by another process: wait until it ends, or {other}."
        ) from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        say("warning", f"{path}: this file system has no locks: write it by one process only.")
    if lock.lock_counter == 1:
        _sweep(path)
    try:
        yield
    finally:
        if lock.lock_counter <= 1:
            with suppress(OSError):  # Windows deletes no open file
                file.unlink()
        lock.release()


def _sweep(path: Path) -> None:
    """Remove scratch folders, of a path and inside it, by their names."""
    end = "[a-z0-9_]" * 8  # as `tempfile` adds
    own = re.compile(rf"\.{re.escape(path.name)}\.{end}"), path.parent.iterdir()
    inner = re.compile(rf"\..+\.{end}"), path.rglob(".*")
    found = [each for name, files in (own, inner) for each in files if name.fullmatch(each.name)]
    for scratch in filter(Path.is_dir, found):
        shutil.rmtree(scratch, ignore_errors=True)


def sha256(path: Path) -> str:
    """Return the hex SHA-256 of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder(root: Path, name: str) -> Path:
    """Return the folder of run `name`, which need not exist."""
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise UserError(f"--run {name}: use only letters, digits, dots, hyphens and underscores.")
    if name == LATEST:
        raise UserError(f"--run {name}: {root / name} names the newest run; choose another name.")
    return root / name


def find(root: Path, name: str | None = None) -> Path:
    """Return the folder of run `name`, or of the newest run."""
    known = ", ".join(sorted(path.parent.name for path in root.glob("[!.]*/config.yaml")))
    if not name and not known:
        raise UserError(f"{root} contains no runs yet: run `train` first.")
    newest = name or _newest(root)
    if not name and not (root / newest / "config.yaml").exists():
        named = f"names {newest!r}, which is not a run" if newest else "names no run"
        raise UserError(f"{root / LATEST} {named}: choose one by --run; there are {known}.")
    run = folder(root, newest)
    if not (run / "config.yaml").exists():
        raise UserError(f"{run} is not a run; existing runs: {known or 'none'}.")
    return run


def _newest(root: Path) -> str:
    """Return what `latest` names, "" if nothing; UserError if it is a folder, or a link to one."""
    path = root / LATEST
    if path.is_dir():
        raise UserError(f"{path} is a folder, where a file names the newest run: rename it.")
    try:
        return path.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def say(stage: str, text: str) -> None:
    """Print what a stage has done."""
    print(f"{stage:>8}  {text}", flush=True)


@contextmanager
def reserve(root: Path, name: str | None) -> Iterator[str]:
    """Reserve a run for this process; yield its name: UTC time, if `name` is None."""
    run = folder(root, name) if name else _unused(root)
    with alone(run, "choose another --run"):
        yield run.name


@contextmanager
def create(root: Path, name: str, keep: bool, lineage: Collection[Path]) -> Iterator[Path]:
    """Yield the folder of a reserved run; `latest` points to it.

    An existing run of that name is replaced, unless `keep` is set; UserError if the new run is
    derived from it. After a UserError, or any exception before the first checkpoint, everything is
    restored.
    """
    run = folder(root, name)
    if run.resolve() in [path.resolve() for path in lineage]:
        raise UserError(f"--run {name}: the new run is derived from that one; choose another name.")
    latest, pointer = root / LATEST, f"{run.name}\n"
    previous = _newest(root)
    with tempfile.TemporaryDirectory(prefix=f".{run.name}.", dir=root) as backup:
        earlier = Path(backup) / run.name
        if not keep and run.exists():
            run.replace(earlier)
            if (earlier / "metrics.json").exists():
                say("warning", f"{run} was evaluated: a new run of that name replaces it.")
        run.mkdir(exist_ok=True)
        write_text(latest, pointer)
        try:
            yield run
        except BaseException as error:
            resumable = (run / "checkpoint").exists() and not isinstance(error, UserError)
            if not keep and not resumable:
                _undo(run, earlier)
                _restore_pointer(latest, run.name, previous)
            raise


def _undo(run: Path, earlier: Path) -> None:
    remove(run)
    if earlier.exists():
        earlier.replace(run)


def _restore_pointer(latest: Path, name: str, previous: str) -> None:
    """Restore what `latest` was, unless another process has changed it since."""
    if _newest(latest.parent) != name:
        return
    if (latest.parent / previous / "config.yaml").exists():
        write_text(latest, f"{previous}\n")
    else:
        latest.unlink()


def _unused(root: Path, number: int = 1) -> Path:
    """Return a folder with a unique name, even if the clock was set back."""
    name = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    run = root / (name if number == 1 else f"{name}-{number}")
    return _unused(root, number + 1) if run.exists() else run


def history(run: Path, tracker: Log) -> Log:
    """Return a `log(step, metrics)` that appends to history.csv and calls the tracker.

    A resumed run keeps the rows before its first `step`.
    """
    path, started = run / "history.csv", False

    def log(step: int, metrics: dict[str, float]) -> None:
        nonlocal started
        if not started:
            write_text(path, _earlier(path, step, ",".join(["step", *metrics])))
            started = True
        with appending(path) as file:
            file.write((",".join(map(str, [step, *metrics.values()])) + "\n").encode())
        tracker(step, metrics)

    return log


def _earlier(path: Path, step: int, header: str) -> str:
    """Return the header and the complete rows before a step."""
    lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
    complete = [line for line in lines if line.count(",") == header.count(",")]
    kept = [line for line in complete if int(line.split(",")[0]) < step]
    return "\n".join([header, *kept, ""])


def log_test_set(run: Path, test_set: str, predictions: str) -> None:
    """Log the evaluation of a run: the hashes of the test rows and of its predictions."""
    path, line = run.parent / TEST_SET_LOG, f"{test_set},{predictions},"
    if not path.exists():
        write_text(path, "test_set,predictions,run\n")
    if line not in path.read_text(encoding="utf-8"):
        with appending(path) as log:  # others may append too
            log.write(f"{line}{run.name}\n".encode())


def models_evaluated(root: Path, test_set: str) -> int:
    """Return how many different models were evaluated on a test set, by the log in `root`."""
    path = root / TEST_SET_LOG
    log = path.read_text(encoding="utf-8") if path.exists() else ""
    return max(1, len({*re.findall(rf"^{test_set},([^,]*),", log, re.MULTILINE)}))
