"""Run every cell with every model on its demo data, and write SUPPORT.md from what came out."""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from answers import cells
from render import ROOT, render, snapshot

SKLEARN = ["linear", "hist-gradient-boosting", "random-forest", "lightgbm", "xgboost"]
MODELS = {
    ("sklearn", "tabular"): SKLEARN,
    ("sklearn", "image"): SKLEARN,
    ("sklearn", "text"): ["linear", "svm", "naive-bayes"],
    ("pytorch", "tabular"): ["mlp", "ft-transformer"],
    ("pytorch", "image"): ["cnn", "mobilenetv3_small_050"],
}
HEAD = """\
# Support

What `nox -s full` ran on the demo data: every row was trained, judged on held-out rows, exported, and compared with its
export on all rows. The interval holds 95 % of the bootstrap; the difference is of a probability, or in standard deviations
of the predicted values.

| task | framework | model | metric | value (interval) | naive | linear | export | rows | largest difference | seconds |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def main() -> None:
    """Write SUPPORT.md; a cell that fails ends it."""
    with tempfile.TemporaryDirectory() as scratch:
        template = snapshot(Path(scratch) / "template")
        rows = [
            _row(project, task, framework, estimator)
            for task, framework in cells()
            for project in [_project(template, Path(scratch), task, framework)]
            for estimator in MODELS[framework, task.split("-")[0]]
        ]
    (ROOT / "SUPPORT.md").write_text(HEAD + "".join(rows), encoding="utf-8")


def _project(template: Path, scratch: Path, task: str, framework: str) -> Path:
    folder = scratch / f"{task}-{framework}"
    render(template, folder, {"task": task, "framework": framework})
    subprocess.run(["uv", "sync", "--quiet"], cwd=folder, check=True, env=_env())
    return folder


def _row(project: Path, task: str, framework: str, estimator: str) -> str:
    started = time.perf_counter()
    command = ["uv", "run", "my-model", "run", "--run", estimator, "--model.name", estimator]
    subprocess.run(command, cwd=project, check=True, env=_env())
    seconds = time.perf_counter() - started
    run = project / "runs" / estimator
    metrics, details = _json(run / "metrics.json"), _json(run / "evaluation/details.json")
    parity = _json(run / "export/onnx/parity.json")
    primary = metrics["primary"]
    low, high = metrics["interval"][primary]
    value, naive = metrics["metrics"][primary], metrics["baseline"][primary]
    linear = details["models"]["linear"]["metrics"][primary]
    return (
        f"| {task} | {framework} | {estimator} | {primary} | {value:.4g} ({low:.4g} to {high:.4g}) "
        f"| {naive:.4g} | {linear:.4g} | onnx | {parity['rows']:,} "
        f"| {parity['max_scaled_diff']:.1e} | {seconds:.0f} |\n"
    )


def _env() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
