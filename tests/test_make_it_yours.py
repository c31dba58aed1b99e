"""The changes that a project's README tells people to make, made as printed there."""

import json
import os
import re
import subprocess
from pathlib import Path

from edits import edit, project
from render import ROOT, git

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
KEPT = {"MYPY_CACHE_DIR": str(ROOT / ".nox/mypy" / WORKER)}  # what it says of libraries
SMALL = ["--train.trees=20", "--evaluate.resamples=100", "--run=yours"]


def test_an_estimator_is_an_entry(template: Path, tmp_path: Path) -> None:
    folder = project(template, tmp_path / "project")
    function, entry = _printed(folder, "An estimator")
    path = folder / "src/my_model/estimators.py"
    edit(path, "\nESTIMATORS = {\n", f"\n{function}\n\nESTIMATORS = {{\n{entry}")
    _uv(folder, "sync", "--quiet")
    for words in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        _uv(folder, "run", *words)
    _uv(folder, "run", "my-model", "run", "--model.name=extra-trees", *SMALL)
    parity = json.loads((folder / "runs/yours/export/onnx/parity.json").read_text("utf-8"))
    assert parity["passed"] and parity["decisions_equal"] == parity["rows"] > 1000
    assert json.loads((folder / "runs/yours/metrics.json").read_text("utf-8"))["beats_baseline"]
    tests = ["tests/test_train.py", "tests/test_convert.py", "tests/test_drift.py"]
    told = _uv(folder, "run", "pytest", "-k", "extra-trees", *tests)
    assert int(re.findall(r"(\d+) passed", told)[0]) > 10
    searched = ["--tune.trials=2", "--model.name=extra-trees", "--train.trees=5"]
    assert "train.min_samples_leaf" in _uv(folder, "run", "my-model", "tune", *searched)
    assert _changed(folder) == {"src/my_model/estimators.py"}


def _printed(folder: Path, title: str) -> list[str]:
    """Return the Python that the README prints below a title."""
    text = (folder / "README.md").read_text("utf-8")
    below = text.partition(f"\n### {title}\n")[2]
    return re.findall(r"```python\n(.*?)```", re.split(r"\n##", below)[0], re.S)


def _changed(folder: Path) -> set[str]:
    """Return the tracked files that differ from what was rendered."""
    return set(git(folder, "diff", "--name-only", "HEAD").splitlines())


def _uv(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["uv", *words], cwd=folder, env=os.environ | KEPT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{words}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    return done.stdout
