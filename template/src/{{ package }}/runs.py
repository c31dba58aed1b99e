"""Where runs live on disk, and the one way to write a file: all of it or nothing."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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
        _place(scratch / path.name, path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _place(made: Path, path: Path) -> None:
    """Rename; a folder that is there, and perhaps once more from another process, gives way."""
    while path.is_dir() and made.exists():
        remove(path)
        with suppress(OSError):
            made.replace(path)
    if made.exists():
        made.replace(path)


def remove(folder: Path) -> None:
    """Delete a folder that may not be there; whenever that is cut short, none has half of it."""
    if folder.exists():
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        with suppress(FileNotFoundError):  # another process was quicker
            folder.replace(scratch / folder.name)
        shutil.rmtree(scratch, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step, with the same line ends on every system."""
    with replacing(path) as scratch:
        scratch.write_text(text, encoding="utf-8", newline="\n")


def sha256(path: Path) -> str:
    """Return the hex SHA-256 of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder(root: Path, name: str) -> Path:
    """Return where run `name` is, or would be."""
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise UserError(f"--run {name}: use letters, digits, dots, hyphens and underscores alone.")
    return root / name


def find(root: Path, name: str | None = None) -> Path:
    """Return the folder of run `name`, or of the newest run."""
    pointer = root / "latest"
    if name is None and not pointer.exists():
        raise UserError(f"{root} holds no run yet: run `train` first.")
    run = folder(root, name or pointer.read_text(encoding="utf-8").strip())
    if not run.is_dir():
        known = ", ".join(sorted(path.name for path in root.glob("[!.]*/"))) or "none"
        raise UserError(f"{run} is not a run; the runs here are: {known}.")
    return run


def say(stage: str, text: str) -> None:
    """Tell the user what a stage has done."""
    print(f"{stage:>8}  {text}", flush=True)
