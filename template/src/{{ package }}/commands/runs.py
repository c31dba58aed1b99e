"""List the runs, newest first, with their test scores."""

import argparse
from pathlib import Path
from typing import Any

from ..config import Config
from ..toolkit.runs import UserError, find, read_json

READS = ("paths",)
HEAD = ("run", "primary metric", "95 % interval", "baseline", "passed", "exports")


def run(config: Config, args: argparse.Namespace) -> int:
    """Print a line for each run, or for the one named by --run."""
    root = config.paths.runs
    named = (
        [find(root, args.run)]
        if args.run
        else (path.parent for path in root.glob("[!.]*/config.yaml"))
    )
    runs = sorted(named, key=lambda run: (run / "config.yaml").stat().st_mtime, reverse=True)
    if not runs:
        raise UserError(f"{root} contains no runs yet: run `train` first.")
    lines = [HEAD, *map(_line, runs)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(map(str.ljust, line, widths)).rstrip())
    return 0


def _line(run: Path) -> tuple[str, ...]:
    exports = ", ".join(sorted(path.parent.name for path in run.glob("export/*/contract.json")))
    path = run / "metrics.json"
    if not path.exists():
        return (run.name, "not evaluated", "", "", "", exports)
    scores: dict[str, Any] = read_json(path)
    name = scores["primary"]
    low, high = scores["interval"][name]
    return (
        run.name,
        f"{name} {scores['metrics'][name]:.4g}",
        f"{low:.4g} to {high:.4g}",
        f"{scores['baseline'][name]:.4g}",
        "yes" if scores["beats_baseline"] else "no",
        exports,
    )
