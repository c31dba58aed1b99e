"""The changes that a project's README tells people to make, made as printed there."""

import json
import os
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

from edits import edit, project
from render import ROOT, git

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
KEPT = {"MYPY_CACHE_DIR": str(ROOT / ".nox/mypy" / WORKER)}  # what it says of libraries
SMALL = ["--train.trees=20", "--train.rounds=60", "--evaluate.resamples=100"]
LINEAR = '    "linear": replace(LINEAR, prepare=_scaled, seconds=(15.0, 0.1)),\n'
NUMPY = "import numpy as np\nfrom sklearn.base import clone\n"
ENDPOINT = """
import pytest
from fastapi.testclient import TestClient
from pathlib import Path
from my_model.api import router
from my_model.toolkit.runs import UserError
from my_model.toolkit.serving.app import create_app
from my_model.toolkit.settings.serve import Serve

app = create_app(Path("runs/yours/export/onnx"), Serve(request_log=None), router)
with TestClient(app) as client:
    assert client.get("/columns").status_code == 401
    assert client.get("/columns", headers={"X-API-Key": "wrong"}).status_code == 401
    print(client.get("/columns", headers={"X-API-Key": "open"}).json())
    assert "/columns" in client.get("/openapi.json").json()["paths"]
router.get("/health")(len)
with pytest.raises(UserError, match="api.py: /health is taken"):
    create_app(Path("runs/yours/export/onnx"), Serve(request_log=None), router)
"""


def test_classes(template: Path, tmp_path: Path) -> None:
    folder = project(template, tmp_path / "project")
    package = folder / "src/my_model"
    _write_below_docstring(package / "metrics.py", *_printed(folder, "A metric"))
    (computed,) = _printed(folder, "A feature")
    edit(package / "features.py", "COMPUTED: tuple[Computed, ...] = ()\n", computed)
    function, entry = _printed(folder, "An estimator")
    encoded, linear = _printed(folder, "Another preparation")
    start = f"\n{function}\n\n{encoded}\n\nESTIMATORS = {{\n{entry}"
    edit(package / "estimators.py", "\nESTIMATORS = {\n", start)
    edit(package / "estimators.py", LINEAR, linear)
    _write_below_docstring(package / "api.py", *_printed(folder, "An endpoint"))
    (function,) = _printed(folder, "A file in an export")
    edit(package / "pipeline.py", function.rpartition("    (folder")[0], function)
    (package / "commands/hello.py").write_text(*_printed(folder, "A command"), "utf-8")
    _check(folder)
    _run(folder, "run", "--model.name=extra-trees", "--evaluate.primary=mcc", "--run=yours")
    _assert_exported(folder / "runs/yours", "mcc", "extra-trees")
    assert "NOTICE.txt" in _json(folder / "runs/yours/export/onnx/contract.json")["sha256"]
    schema = _json(folder / "runs/yours/export/onnx/contract.json")["inputs"]
    assert len(schema) == 10, "raw columns stay the inputs"
    assert "mcc" in (folder / "runs/yours/report.html").read_text("utf-8")
    columns = _uv(folder, "run", "--with=httpx2", "python", "-c", ENDPOINT, MODEL_API_KEY="open")
    assert "Speed IAS in knots" in columns
    _run(folder, "run", "--model.name=linear", "--run=encoded")
    _assert_exported(folder / "runs/encoded", "average_precision", "linear")
    assert "TargetEncoder" in _skops(folder / "runs/encoded")
    assert _uv(folder, "run", "my-model", "hello", "--hello.name=you") == "hello you\n"
    assert "Greet someone" in _uv(folder, "run", "my-model", "--help")
    tests = ["tests/test_train.py", "tests/test_convert.py", "tests/toolkit/test_drift.py"]
    done = _uv(folder, "run", "pytest", "-k", "extra-trees", *tests)
    assert int(re.findall(r"(\d+) passed", done)[0]) > 10
    searched = ["--tune.trials=2", "--model.name=extra-trees", "--train.trees=5"]
    assert "train.min_samples_leaf" in _uv(folder, "run", "my-model", "tune", *searched)
    names = ("api", "estimators", "features", "metrics", "pipeline")
    assert _changed(folder) == {f"src/my_model/{name}.py" for name in names}
    _assert_mistakes_are_explained(folder)
    _assert_a_changed_feature_is_noticed(folder)
    _assert_disagreement_is_found(folder)


def test_numbers(template: Path, tmp_path: Path) -> None:
    folder = project(template, tmp_path / "project", {"task": "tabular-regression", "targets": []})
    package = folder / "src/my_model"
    _write_below_docstring(package / "metrics.py", *_printed(folder, "A metric"))
    (computed,) = _printed(folder, "A feature")
    edit(package / "features.py", "COMPUTED: tuple[Computed, ...] = ()\n", computed)
    _run(folder, "run", "--run=plain")
    (target,) = _printed(folder, "A transformed target")
    before = "TARGET: Transform | None = None  # of numeric targets, such as a logarithm\n"
    edit(package / "model.py", before, target)
    edit(package / "model.py", "from sklearn.base import clone\n", NUMPY)
    _check(folder)
    for name in ("hist-gradient-boosting", "linear", "lightgbm"):
        words = [f"--model.name={name}", f"--run={name}", "--evaluate.primary=mape"]
        _run(folder, "run", *words, "--train.bag=2")
        _assert_exported(folder / "runs" / name, "mape", name)
    plain, logarithm = (folder / "runs" / run for run in ("plain", "hist-gradient-boosting"))
    loss = [
        float((run / "history.csv").read_text().splitlines()[1].split(",")[2])
        for run in (plain, logarithm)
    ]
    assert loss[0] > 100 > 1 > loss[1], "the estimator is fitted to logarithms"
    assert _json(logarithm / "metrics.json")["metrics"]["mae"] > 100, "metrics are in grams"
    assert _changed(folder) == {
        f"src/my_model/{name}.py" for name in ("features", "metrics", "model")
    }


def test_network(template: Path, tmp_path: Path) -> None:
    answers = {"framework": "pytorch", "targets": []}
    folder = project(template, tmp_path / "project", answers)
    package = folder / "src/my_model"
    (network,) = _printed(folder, "A network")
    table = 'NETWORKS: dict[str, Any] = {\n    "mlp": MLP,\n'
    named = f'{network}\n\n{table}    "one-layer": OneLayer,\n'
    edit(package / "networks.py", table, named)
    edit(package / "settings/networks.py", 'Literal["mlp",', 'Literal["mlp", "one-layer",')
    _check(folder)
    short = ["--model.name=one-layer", "--train.epochs=3"]
    _uv(folder, "run", "my-model", "train", "--run=yours", *short)
    _uv(folder, "run", "my-model", "export")
    parity = _json(folder / "runs/yours/export/onnx/parity.json")
    assert parity["passed"] and parity["rows"] == 2000
    (line,) = _printed(folder, "A loss")
    after = 'reduction="none", label_smoothing=smoothing)\n'
    edit(package / "training/loss.py", after, f"{after}    {line}")
    _check(folder)
    _uv(folder, "run", "my-model", "train", "--run=focal", *short)
    first, focal = (
        float(
            (folder / "runs" / run / "history.csv").read_text("utf-8").split("\n")[1].split(",")[1]
        )
        for run in ("yours", "focal")
    )
    assert focal < 0.8 * first, "a focal loss weighs rows that are right less"
    names = ("networks", "settings/networks", "training/loss")
    assert _changed(folder) == {f"src/my_model/{name}.py" for name in names}


MISTAKES = {  # in a file of the project: what a command then says
    "metrics.py": {
        "matthews_corrcoef(targets, decisions, sample_weight=weights)": {
            "float((targets == decisions).mean())": "'mcc' ignores its weights",
            "weights": "'mcc' fails (TypeError",
            "float('nan')": "'mcc' is nan for random predictions",
        },
        '"mcc": Metric': {'"roc_auc": Metric': "'roc_auc' is a metric of the toolkit"},
    },
    "commands/hello.py": {
        'name: str = "world"': {"name: str": "give 'name' of its Settings a default"},
        "class Settings(Section)": {
            "from ..toolkit.settings.common import Monitor as Settings\n\n\nclass Other(Section)": (
                "another command has the same Settings"
            )
        },
    },
    "features.py": {'("Speed IAS in knots",)': {'("Speed IAS in knots")': "must be a tuple"}},
    "pipeline.py": {'"NOTICE.txt"': {'"model.txt"': "accompany() in pipeline.py wrote model.txt"}},
}


def _assert_mistakes_are_explained(folder: Path) -> None:
    """A mistake in the project's own code gets a sentence that names the place, and exit code 2."""
    for name, changes in MISTAKES.items():
        path = folder / "src/my_model" / name
        text = path.read_text("utf-8")
        for before, wrong in changes.items():
            for after, sentence in wrong.items():
                edit(path, before, after)
                word = "export" if name == "pipeline.py" else "train"
                run = "yours" if name == "pipeline.py" else "refused"
                command = ["uv", "run", "my-model", word, f"--run={run}", *SMALL]
                done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
                assert done.returncode == 2 and sentence in done.stderr, (after, done)
                assert "Traceback" not in done.stderr
                path.write_text(text, "utf-8")


def _assert_a_changed_feature_is_noticed(folder: Path) -> None:
    """A run whose code now predicts otherwise is neither evaluated nor exported."""
    path = folder / "src/my_model/features.py"
    text = path.read_text("utf-8")
    for after in ("lambda speed: 0 * speed", "lambda speed: np.log1p(speed)"):
        edit(path, "lambda speed: speed**2", after)
        command = ["uv", "run", "my-model", "evaluate", "--run=yours"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 2 and "so the code has changed since" in done.stderr, done
        path.write_text(text, "utf-8")


def _assert_disagreement_is_found(folder: Path) -> None:
    """A feature that an export computes otherwise is refused before anything is trained."""
    edit(folder / "src/my_model/features.py", 'graph.add("Mul", speed', 'graph.add("Add", speed')
    command = ["uv", "run", "my-model", "train", "--run=refused"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 2 and "'squared speed' is" in done.stderr, done
    assert not (folder / "runs/refused").exists()


def _assert_exported(run: Path, primary: str, name: str) -> None:
    parity, metrics = _json(run / "export/onnx/parity.json"), _json(run / "metrics.json")
    assert parity["passed"] and parity["rows"] > 300
    assert metrics["primary"] == primary and metrics["beats_baseline"]
    low, high = metrics["interval"][primary]
    assert low <= metrics["metrics"][primary] <= high and low < high
    assert f"name: {name}\n" in (run / "config.yaml").read_text("utf-8")


def _check(folder: Path) -> None:
    _uv(folder, "sync", "--quiet")
    for words in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        _uv(folder, "run", *words)


def _run(folder: Path, *words: str) -> str:
    return _uv(folder, "run", "my-model", *words, *SMALL)


def _write_below_docstring(path: Path, code: str) -> None:
    docstring = path.read_text("utf-8").split("\n")[0]
    path.write_text(f"{docstring}\n\n{code}", "utf-8")


def _printed(folder: Path, title: str) -> list[str]:
    """Return the Python that the README prints below a title."""
    text = (folder / "README.md").read_text("utf-8")
    below = text.partition(f"\n### {title}\n")[2]
    return re.findall(r"```python\n(.*?)```", re.split(r"\n##", below)[0], re.S)


def _changed(folder: Path) -> set[str]:
    """Return the tracked files that differ from what was rendered."""
    return set(git(folder, "diff", "--name-only", "HEAD").splitlines())


def _skops(run: Path) -> str:
    with zipfile.ZipFile(run / "model/model.skops") as file:
        return file.read("schema.json").decode()


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _uv(folder: Path, *words: str, **more: str) -> str:
    env = os.environ | KEPT | more
    done = subprocess.run(["uv", *words], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{words}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    return done.stdout
