"""A static page that runs the exported model in the browser: `page`.

It is written to runs/<run>/page/. Any web server can serve that folder; rows stay in the browser.
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
IGNORED = shutil.ignore_patterns("node_modules", "package*.json", "*.mjs")  # not for visitors


def build(
    predict: Callable[[pd.DataFrame], np.ndarray],
    splits: Splits,
    test: Split,
    threshold: float | None,
    config: BaseConfig,
    run: Path,
    examples: int,
) -> str:
    """Write the page of a run, with `examples` rows of the test set, and return a summary.

    `predict` is the trained model. UserError, and no page, if the predictions of the page differ on
    any row of the test set.
    """
    export = run / "export/onnx"
    files = [export / name for name in ("contract.json", *contract.load(export)["sha256"])]
    if not WEB.is_dir():
        raise UserError(f"{WEB}: no such folder; run this in the folder of the project.")
    with replacing(run / "page") as folder:
        shutil.copytree(WEB, folder, ignore=IGNORED)
        _copy(runtime(WEB), folder / "runtime")
        _copy(files, folder / "model")
        visitor = Visitor(folder, WEB / "check.mjs", splits.schema)
        content = {
            "quality": _quality(run, len(test.ids)),
            "examples": _examples(visitor, test, examples, config),
            **facts(config),
        }
        write_text(folder / "page.json", json.dumps(content, indent=2) + "\n")
        parts = {"test": test.inputs}
        result = parity.compare(
            parity.expect(predict, parts),
            visitor,
            parts,
            splits.schema.labels,
            threshold,
            config.export.tolerance,
        )
    return (
        f"same predictions in JavaScript on {result['rows']:,} test rows (differences up to "
        f"{result['max_scaled_diff']:.0e}); python -m http.server 8001 -d {run / 'page'}"
    )


def _copy(files: list[Path], folder: Path) -> None:
    folder.mkdir()
    for file in files:
        shutil.copyfile(file, folder / file.name)


def _examples(
    visitor: Visitor, test: Split, count: int, config: BaseConfig
) -> list[dict[str, Any]]:
    """Return some test rows and their ground truth; labels take turns, so rare ones occur too."""
    order = np.random.default_rng(config.seed).permutation(len(test.targets))
    targets = pd.Series(test.targets[order])
    turns = targets.groupby(targets).cumcount()
    chosen = order[np.argsort(turns, kind="stable")][:count]
    truths, labels = test.targets[chosen].tolist(), visitor.schema.labels
    entered = visitor.enter(test.inputs.iloc[chosen])
    return [
        {"values": values, "truth": labels[truth] if labels else truth}
        for values, truth in zip(entered, truths, strict=True)
    ]


def _quality(run: Path, rows: int) -> str:
    """Return a sentence about the metrics of the model, or "" before `evaluate`."""
    try:
        metrics = json.loads((run / "metrics.json").read_text("utf-8"))
    except FileNotFoundError:
        return ""
    name = metrics["primary"]
    low, high = metrics["interval"][name]
    if low is None:  # it is undefined on these rows
        return ""
    value = f"{metrics['metrics'][name]:.3g} (95 % interval {low:.3g} to {high:.3g})"
    return f"On {rows:,} rows of the test set: {name} {value}."
