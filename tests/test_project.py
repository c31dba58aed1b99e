"""A covering set of projects: installed, tested by their own tests, and run on their data."""

import csv
import hashlib
import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from copier import run_update

from clients import check_clients
from dvc_pipeline import check_dvc
from edits import project
from harness import check_harness
from pretrained import check_encoder, check_smollm2
from readme import check_readme
from render import ROOT, commit, git, interpreter, render

# Each of two workers starts with half of them, the longest first; the one that finishes early takes
# short ones from the end of the other's half.
PROJECTS: dict[str, dict[str, Any]] = {
    "language-model": {
        "project_name": "Answers",
        "task": "text-generation",
        "targets": ["api", "batch", "llama-cpp", "vllm"],
    },
    "transformers": {
        "project_name": "Remarks",
        "task": "text-classification",
        "framework": "transformers",
        "tracker": "tensorboard",
        "targets": ["api", "batch", "browser", "ios"],
    },
    "pytorch": {
        "framework": "pytorch",
        "targets": ["api", "batch", "ios", "android", "edge"],
    },
    "regression-mlflow": {
        "project_name": "Weight of Penguins",
        "task": "tabular-regression",
        "tracker": "mlflow",
        "targets": ["api"],
        "ci": "gitlab",
    },
    "text": {
        "project_name": "Remarks",
        "task": "text-classification",
        "targets": ["api", "batch", "browser"],
    },
    "defaults": {},
    "pytorch-digits": {
        "task": "image-classification",
        "framework": "pytorch",
        "targets": ["api", "batch", "ios", "android", "edge"],
    },
    "pytorch-regression": {
        "task": "tabular-regression",
        "framework": "pytorch",
        "tracker": "mlflow",
        "targets": ["browser"],
    },
    "mlx-language-model": {
        "task": "text-generation",
        "framework": "mlx",
        "targets": ["batch"],
    },
    "keras": {
        "task": "tabular-regression",
        "framework": "keras",
        "targets": ["api", "batch", "ios", "android"],
    },
    "keras-digits": {
        "task": "image-classification",
        "framework": "keras",
        "tracker": "tensorboard",
        "targets": ["browser"],
    },
    "jax-digits": {
        "task": "image-classification",
        "framework": "jax",
        "targets": ["browser"],
    },
    "jax": {
        "task": "tabular-regression",
        "framework": "jax",
        "targets": ["api", "batch"],
    },
    "digits": {
        "project_name": "Digits",
        "task": "image-classification",
        "tracker": "wandb",
        "targets": [],
    },
    "mlx": {
        "task": "tabular-regression",
        "framework": "mlx",
        "targets": ["api", "batch"],
    },
    "mlx-digits": {
        "task": "image-classification",
        "framework": "mlx",
        "targets": ["browser"],
    },
    "classification-dvc": {
        "tracker": "tensorboard",
        "versioning": "dvc",
        "targets": ["batch", "browser"],
        "ci": "none",
        "license": "proprietary",
    },
}
CORRUPTED = {"defaults", "regression-mlflow", "digits", "text", "language-model"}  # each input once
TWICE = {"defaults", "pytorch"}  # the others only train twice
# Of 40 epochs, since pictures take minutes; convolutions of MLX are slow on CPUs.
SMALL = ["--data.size", "16", "--model.width", "8", "--train.learning_rate", "0.01"]
SHORT = {
    "mlx-language-model": [
        *("--train.epochs", "3", "--train.learning_rate", "0.003", "--model.width", "64"),
        *("--model.max_tokens", "128", "--model.new_tokens", "16"),
    ],
    "pytorch-digits": ["--train.epochs", "12"],
    "keras-digits": ["--train.epochs", "8", "--data.size", "16", "--model.width", "16"],
    "jax-digits": ["--train.epochs", "12"],
    "mlx-digits": ["--train.epochs", "8", *SMALL],
}
GROUPS = {name: ["--group", "catboost"] for name in ("regression-mlflow", "classification-dvc")}
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
KEPT = {"MYPY_CACHE_DIR": str(ROOT / ".nox/mypy" / WORKER)}  # results for libraries
RESERVED = set((ROOT / "template/_part/reserved.txt").read_text("utf-8").split())


@pytest.mark.parametrize("name", PROJECTS)
def test_project(
    name: str, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = PROJECTS[name]
    folder = render(template, tmp_path / "project", answers)
    python = interpreter(folder)
    if python is None:
        pytest.skip("this machine has no Python that is new enough for the project")
    for variable, value in python.items():
        monkeypatch.setenv(variable, value)
    git(folder, "init", "-q")
    commit(folder, "rendered")
    _uv(folder, "sync", "--quiet", *GROUPS.get(name, []))
    assert _taken(folder) <= RESERVED, "names that no project may take: add them to reserved.txt"
    for session in ("lint", "types", "tests"):
        _run(folder, "nox", "-s", session)
    script = answers.get("project_name", "My Model").lower().replace(" ", "-")
    run = ["run", script, "run", *SHORT.get(name, [])]
    _uv(folder, *run, "--run", "first")
    check_readme(folder, script)
    served = "gguf" if answers.get("task") == "text-generation" else "onnx"
    again, made = ["run", script, "train", *SHORT.get(name, [])], ["model/*"]
    if name in TWICE:
        again = [*run, "--export.formats", f"[{served}]"]
        made += [
            "metrics.json",
            f"export/{served}/contract.json",
            f"export/{served}/model.{served}",
        ]
    _uv(folder, *again, "--run", "second")
    _assert_honest(folder / "runs/first", served)
    for file in (path for pattern in made for path in (folder / "runs/first").glob(pattern)):
        twin = folder / "runs/second" / file.relative_to(folder / "runs/first")
        assert _sha(file) == _sha(twin), file
    assert (folder / "runs/first/report.html").stat().st_size < 500_000
    _assert_errors_are_explained(folder, script, answers.get("task", "tabular"))
    if name in CORRUPTED:
        _uv(folder, "run", "python", str(ROOT / "tests/corrupt/corrupt.py"), "--every", "6")
    if name == "defaults":
        needs = ["--with-requirements", str(ROOT / "tests/generated.txt")]
        generated = str(ROOT / "tests/corrupt/generated.py")
        _uv(folder, "run", *needs, "python", generated, "--tables", "100")
    assert git(folder, "status", "--short").split() == ["??", "data/schema/", "??", "uv.lock"]
    if answers.get("versioning") == "dvc":
        commit(folder, "locked")
        check_dvc(folder, tmp_path / "remote")
    if name == "transformers":
        check_encoder(folder, script)
    if name == "language-model":
        check_clients(folder, script, "first")
        check_harness(folder, script)
        check_smollm2(folder, script)


@pytest.mark.parametrize(
    ("task", "framework", "epochs", "rows"),
    [
        ("tabular-classification", "pytorch", "9", "data/raw/birdstrikes.csv"),
        ("text-classification", "transformers", "1", "data/raw/remarks.csv"),
    ],
    ids=["tables", "texts"],
)
def test_runs_outlive_a_switch(
    task: str, framework: str, epochs: str, rows: str, template: Path, tmp_path: Path
) -> None:
    """A model of another framework is compared with the old one, whose export keeps working."""
    folder = project(template, tmp_path / "project", {"task": task})
    _uv(folder, "run", "my-model", "run", "--run", "old", "--model.name", "linear")
    commit(folder, "trained")
    switch = {"framework": framework, "tracker": "tensorboard"}
    run_update(folder, data=switch, defaults=True, overwrite=True, quiet=True)
    _uv(folder, "run", "my-model", "train", "--run", "new", "--train.epochs", epochs)
    new = ["my-model", "evaluate", "--run", "new"]
    _uv(folder, "run", *new, "--against", "old")
    details, old = (
        json.loads((folder / name).read_text("utf-8"))
        for name in ("runs/new/evaluation/details.json", "runs/old/metrics.json")
    )
    assert details["models"]["before"]["metrics"] == pytest.approx(old["metrics"], abs=1e-3)
    assert "the run before" in (folder / "runs/new/model-card.md").read_text("utf-8")
    for word in (["predict", rows, "answers.csv"], ["monitor", rows]):
        _uv(folder, "run", "my-model", *word, "--run", "old")
    refused = ["uv", "run", "my-model", "evaluate", "--run", "old"]
    done = subprocess.run(refused, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 2 and "another framework" in done.stderr, done


def _assert_honest(run: Path, served: str) -> None:
    metrics = json.loads((run / "metrics.json").read_text("utf-8"))
    primary = metrics["primary"]
    low, high = metrics["interval"][primary]
    assert metrics["split"] == "test" and metrics["beats_baseline"]
    assert low <= metrics["metrics"][primary] <= high
    assert metrics["baseline"][primary] != metrics["metrics"][primary]
    parity = json.loads((run / f"export/{served}/parity.json").read_text("utf-8"))
    assert parity["passed"] and parity["rows"] > 100
    assert parity["max_scaled_diff"] <= parity["tolerance"]
    with (run / "history.csv").open() as file:
        losses = [float(row["val_loss"]) for row in csv.DictReader(file)]
    assert len(losses) == 1 or min(losses) < losses[0], "the model did not learn"
    text = (run / "report.html").read_text("utf-8")
    assert f"{metrics['metrics'][primary]:.4g}"[:5] in text


ERRORS = {  # besides those of the project's own tests
    "--data.path=broken.csv --data.target=b": "broken.csv",
    "--data.path=broken.csv": "data.target: must be set",
    "--sed=1": "did you mean --seed?",
    "--run=../outside": "--run",
}


def _assert_errors_are_explained(folder: Path, script: str, task: str) -> None:
    (folder / "broken.csv").write_bytes(b'a,b\n1,"2\n\0')
    before = _paths(folder)
    for options, words in _errors(task).items():
        command = [folder / ".venv/bin" / script, "train", *options.split()]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 2, done
        assert words in done.stderr and done.stderr.count("\n") == 1, done.stderr
        assert _paths(folder) == before, options
    (folder / "broken.csv").unlink()


def _errors(task: str) -> dict[str, str]:
    if task == "text-generation":  # there is no target column
        known = {options.replace("target=b", "text=b"): ERRORS[options] for options in ERRORS}
        return known | {"--data.path=broken.csv": "be read"}
    return ERRORS | ({} if task.startswith("tabular") else {"--data.path=broken.csv": "be read"})


def _paths(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


def _taken(folder: Path) -> set[str]:
    """Return what is installed here or locked for any system, spelt as a project's package is."""
    (site,) = folder.glob(".venv/lib/python*/site-packages")
    locked = tomllib.loads((folder / "uv.lock").read_text("utf-8"))["package"]
    modules = {path.name.removesuffix(".py") for path in site.iterdir() if path.name[0].isalpha()}
    names = {name for name in modules if "." not in name} | {package["name"] for package in locked}
    own = {path.name for path in (folder / "src").iterdir()}
    return {re.sub(r"[-_.]+", "_", name.lower()) for name in names} - own


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _uv(folder: Path, *words: str) -> None:
    _run(folder, "uv", *words)


def _run(folder: Path, *command: str) -> None:
    kept = os.environ | KEPT
    done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True)
    assert done.returncode == 0, (
        f"{' '.join(command)}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    )
