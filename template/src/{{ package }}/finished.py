"""Open a run that was trained before."""

import json
from pathlib import Path
from typing import Any

from . import infer, runs
from .config import Config
from .data import load_all


def reopen(run: Path, config: Config) -> tuple[Any, Any, Any, float | None]:
    """Return the model with the very rows that it was trained, validated and held out on."""
    decision = run / "model" / "decision.json"
    if not decision.exists():
        raise runs.UserError(f"{run} is unfinished: `train --resume --run {run.name}` finishes it.")
    splits, test = load_all(config)
    manifest = json.loads((run / "data.json").read_text(encoding="utf-8"))
    if manifest["split_sha256"] != splits.manifest["split_sha256"]:
        raise runs.UserError(f"the data has changed since {run} was trained: run `train` again.")
    then, now = (told.get("other_files", {}) for told in (manifest, splits.manifest))
    if changed := [file for file in then if then[file] != now.get(file)]:
        told = f"{changed[0]} has changed since {run} was trained"
        raise runs.UserError(f"{told}: undo that, or run `train` again.")
    threshold = json.loads(decision.read_text(encoding="utf-8"))["threshold"]
    return infer.load(run / "model"), splits, test, threshold
