"""A static page that runs the exported model in its visitor's browser: `page`.

It lands in runs/<run>/page/. Any web server can serve that folder; no row is ever sent to one.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..export import contract, parity
from ..runs import UserError, replacing, write_text
from ..tables.split import Split, Splits
from .npm import runtime
from .visitor import Visitor, facts

WEB = Path("deploy/browser")
OURS = shutil.ignore_patterns("node_modules", "package*.json", "*.mjs")  # not the visitor's


def build(
    predict: Callable[[pd.DataFrame], np.ndarray],
    splits: Splits,
    test: Split,
    threshold: float | None,
    config: BaseConfig,
    run: Path,
    shown: int,
) -> str:
    """Write the page of a run, with `shown` held-out rows, and return a sentence about it.

    `predict` gives the trained model's answers. UserError, and no page, if the page's differ on any
    held-out row.
    """
    export = run / "export/onnx"
    files = [export / name for name in ("contract.json", *contract.load(export)["sha256"])]
    if not WEB.is_dir():
        raise UserError(f"{WEB}: no such folder; run in the project's folder.")
    with replacing(run / "page") as folder:
        shutil.copytree(WEB, folder, ignore=OURS)
        _copy(runtime(WEB), folder / "runtime")
        _copy(files, folder / "model")
        visitor = Visitor(folder, WEB / "check.mjs", splits.schema)
        about = {
            "quality": _quality(run, len(test.ids)),
            "examples": _examples(visitor, test, shown, config),
            **facts(config),
        }
        write_text(folder / "page.json", json.dumps(about, indent=2) + "\n")
        parts = {"test": test.inputs}
        agreed = parity.compare(
            parity.expect(predict, parts),
            visitor,
            parts,
            splits.schema.labels,
            threshold,
            config.export.tolerance,
        )
    return (
        f"same answers in JavaScript on {agreed['rows']:,} held-out rows (differences up to "
        f"{agreed['max_scaled_diff']:.0e}); python -m http.server 8001 -d {run / 'page'}"
    )


def _copy(files: list[Path], folder: Path) -> None:
    folder.mkdir()
    for file in files:
        shutil.copyfile(file, folder / file.name)


def _examples(
    visitor: Visitor, test: Split, shown: int, config: BaseConfig
) -> list[dict[str, Any]]:
    """Return some held-out rows and their truth; labels take turns, so a rare one is among them."""
    order = np.random.default_rng(config.seed).permutation(len(test.targets))
    targets = pd.Series(test.targets[order])
    turns = targets.groupby(targets).cumcount()
    chosen = order[np.argsort(turns, kind="stable")][:shown]
    truths, labels = test.targets[chosen].tolist(), visitor.schema.labels
    entered = visitor.enter(test.inputs.iloc[chosen])
    return [
        {"values": values, "truth": labels[truth] if labels else truth}
        for values, truth in zip(entered, truths, strict=True)
    ]


def _quality(run: Path, rows: int) -> str:
    """Say how good the model is, as far as `evaluate` has found out."""
    try:
        found = json.loads((run / "metrics.json").read_text("utf-8"))
    except FileNotFoundError:
        return ""
    name = found["primary"]
    low, high = found["interval"][name]
    if low is None:  # it is undefined on these rows
        return ""
    value = f"{found['metrics'][name]:.3g} (95 % interval {low:.3g} to {high:.3g})"
    return f"On {rows:,} rows that training never saw: {name} {value}."
