"""Log runs to Weights & Biases; without an API key, offline in the run's folder."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import wandb

from .config import Config
from .toolkit.config import flat
from .toolkit.runs import Log, write_text

FOLDER = Path(__file__).parent.name  # the package: the name of the W&B project


@contextmanager
def start(config: Config, run: Path) -> Iterator[Log]:
    """Open the W&B run of this folder, created at the first call; yield its log(step, metrics).

    WANDB_MODE, WANDB_PROJECT and the other variables of W&B are respected. The configuration is
    logged by dotted key.
    """
    default = "online" if wandb.login(prompt=False) else "offline"
    mode: Any = os.environ.get("WANDB_MODE") or default
    with wandb.init(
        project=os.environ.get("WANDB_PROJECT", FOLDER),
        id=_identity(run),
        name=run.name,
        config=flat(config),
        dir=run,
        mode=mode,
        resume="allow",
        allow_val_change=True,
    ) as session:
        # A step metric, since W&B's own steps only grow: a resumed run returns to its checkpoint.
        session.define_metric("*", step_metric="step")
        yield lambda step, metrics: session.log({"step": step, **metrics})


def _identity(run: Path) -> str:
    """Return the W&B id in the run's tracker.json; create it at the first call."""
    path = run / "tracker.json"
    known = json.loads(path.read_text(encoding="utf-8")).get("wandb") if path.exists() else None
    if not known:
        known = secrets.token_hex(8)
        write_text(path, json.dumps({"wandb": known}))
    return known
