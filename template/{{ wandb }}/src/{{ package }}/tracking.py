"""Send runs to Weights & Biases; without an API key they stay offline in the run's folder."""

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
    """Open the W&B run of this folder, made at the first call, and give its log(step, metrics).

    WANDB_MODE, WANDB_PROJECT and the other variables of W&B are respected. The configuration is
    logged under its dotted names.
    """
    known = "online" if wandb.login(prompt=False) else "offline"
    mode: Any = os.environ.get("WANDB_MODE") or known
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
        # Steps of our own, since W&B's may only grow: a resumed run goes back to its checkpoint.
        session.define_metric("*", step_metric="step")
        yield lambda step, metrics: session.log({"step": step, **metrics})


def _identity(run: Path) -> str:
    """Return the W&B id kept in the run's tracker.json; make one at the first call."""
    note = run / "tracker.json"
    known = json.loads(note.read_text(encoding="utf-8")).get("wandb") if note.exists() else None
    if not known:
        known = secrets.token_hex(8)
        write_text(note, json.dumps({"wandb": known}))
    return known
