"""Carry what the user changed in a file to the place that a new version gives it.

`python move.py OLD NEW [OLD NEW …]` runs in the project after an update. Copier has removed OLD by
then, with the user's edits in it: they are in the last commit, and what they were made of is
rendered anew. A line that both sides changed becomes a conflict marker in NEW.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from copier import run_copy

ANSWERS = ".copier-answers.yml"
LABELS = ("before updating", "last update", "after updating")  # as Copier names them


def main(*names: str) -> None:
    """Merge the edits of every first name into the file of the name after it."""
    answers = yaml.safe_load(_committed(ANSWERS) or "")
    with tempfile.TemporaryDirectory() as scratch:
        base = _rendered(answers, Path(scratch) / "base")
        for old, new in zip(names[::2], names[1::2], strict=True):
            before, edited = base / old, _committed(old)
            if edited is None or not before.exists() or edited == before.read_bytes():
                continue
            if Path(new).exists():
                _merge(edited, before, Path(new))
                print(f"{old} is {new} now: your changes went with it.", file=sys.stderr)
            else:
                print(f"{old} is gone: `git show HEAD:./{old}` has your changes.", file=sys.stderr)


def _committed(name: str) -> bytes | None:
    """Return a file as it was before the update, or None."""
    done = subprocess.run(["git", "show", f"HEAD:./{name}"], capture_output=True)
    return done.stdout if done.returncode == 0 else None


def _rendered(answers: dict[str, Any], folder: Path) -> Path:
    """Render the version that the project came from, which runs nothing."""
    given = {name: value for name, value in answers.items() if not name.startswith("_")}
    source, version = answers["_src_path"], answers["_commit"]
    run_copy(source, folder, given, vcs_ref=version, defaults=True, quiet=True)
    return folder


def _merge(edited: bytes, before: Path, new: Path) -> None:
    mine = before.with_name(f"{before.name}.mine")
    mine.write_bytes(edited)
    labels = [word for label in LABELS for word in ("-L", label)]
    command = ["git", "merge-file", "-p", *labels, str(mine), str(before), str(new)]
    done = subprocess.run(command, capture_output=True)
    if done.returncode >= 128:  # below, it is the number of conflicts
        sys.exit(done.stderr.decode())
    new.write_bytes(done.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
