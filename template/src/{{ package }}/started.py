"""Begin a run; if its training is refused, what was there before is there again."""

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from .runs import UserError, folder, remove, write_text


@contextmanager
def started(root: Path, name: str | None, keep: bool, origins: Collection[Path]) -> Iterator[Path]:
    """Give the folder of a run, named by UTC time if not by `name`; `latest` points at it.

    A run that is trained anew under its old name starts empty, unless `keep` is set; a run that the
    new one comes from stays. After a UserError, or anything else that ends it before there is a
    checkpoint, all is as it was.
    """
    run = folder(root, name) if name else _fresh(root)
    if run.resolve() in [path.resolve() for path in origins]:
        raise UserError(f"--run {name}: the new run comes from that one; give it another name.")
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
            begun = (run / "checkpoint").exists() and not isinstance(error, UserError)
            if not keep and not begun:  # else `train --resume` goes on from it
                _undo(run, earlier)
                _point(latest, own, before)
            raise


def _undo(run: Path, earlier: Path) -> None:
    remove(run)
    if earlier.exists():
        earlier.replace(run)


def _point(latest: Path, own: str, before: str | None) -> None:
    """Point at the run of before, unless another process has pointed elsewhere by now."""
    if latest.read_text(encoding="utf-8") != own:
        return
    if before is None:
        latest.unlink()
    else:
        write_text(latest, before)


def _fresh(root: Path, number: int = 1) -> Path:
    """Make a folder that no run had; a clock that is set back can give a name twice."""
    name = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    run = root / (name if number == 1 else f"{name}-{number}")
    try:
        run.mkdir(parents=True)
    except FileExistsError:
        return _fresh(root, number + 1)
    return run
