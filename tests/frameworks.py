"""Compare the frameworks, each with the same network on the same data: docs/FRAMEWORKS.md.

Every project is rendered with the API as its only target, installed, and run as its user would.
Times are CPU seconds, since other work on the machine changes those least.
"""

import json
import os
import resource
import subprocess
import tempfile
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from answers import cells, targets
from overlays import files
from render import ROOT, interpreter, render, snapshot

HERE, PAGE = ROOT / "tests/bench", ROOT / "docs/FRAMEWORKS.md"
# Of each task: networks, settings, and epochs that the loops are compared in.
NETWORKS: dict[str, tuple[list[str], dict[str, Any], int]] = {
    "tabular-classification": (["mlp", "ft-transformer"], {}, 10),
    "image-classification": (["cnn"], {"data.size": 16, "train.epochs": 8}, 4),
}
LEARNER = "src/my_model/training/learner.py"  # of frameworks that share the loop
PACKAGES = ["torch", "tensorflow-cpu", "tensorflow", "keras", "jax", "flax", "mlx"]
TEXT = """\
# Frameworks

What `nox -s frameworks` measured on the demo data, with the API as the only target. Each framework
trains the same network on the same rows in the same order, from other random weights: the intervals
overlap, so choose a framework by what you know, where you deploy, and what it costs.

- *metric*: on the test set, with its 95 % interval
- *run*: training, evaluation, export and report, in CPU seconds
- *step*: of training, in CPU milliseconds, by the project's loop and by a bare one as in the
  framework's guide, which writes no log and no checkpoints
- *.venv*: everything that the project installs, in MB
- *import*: of the project's networks, in CPU seconds
- *formats*: what the framework reaches with all targets

"""
HEAD = """\
| framework | metric | run | step | bare | .venv | import | formats |
|---|---|---|---|---|---|---|---|
"""


def main() -> None:
    """Measure every framework of networks, and write the page."""
    text, versions = TEXT, dict[str, str]()
    with tempfile.TemporaryDirectory() as scratch:
        template = snapshot(Path(scratch) / "template")
        for task, (networks, settings, epochs) in NETWORKS.items():
            rows: dict[str, list[str]] = {name: [] for name in networks}
            for framework in (own for each, own in cells() if each == task):
                answers = {"task": task, "framework": framework, "targets": ["api"]}
                if LEARNER not in files(answers):
                    continue
                project = Path(scratch) / f"{task}-{framework}"
                render(template, project, answers)
                _cpu(project, "uv", "sync", "--quiet")
                versions |= _versions(project)
                costs = f"{_size(project / '.venv'):,.0f} | {_import(project):.1f}"
                for name in networks:
                    own = [f"--{k}={v}" for k, v in {"model.name": name, **settings}.items()]
                    found = _measure(project, framework, own, epochs)
                    row = f"| {framework} | {found} | {costs} | {_formats(task, framework)} |\n"
                    rows[name].append(row)
                    print(row, flush=True)
            for name, lines in rows.items():
                text += f"## {name}, {task}\n\n{HEAD}{''.join(lines)}\n"
    known = ", ".join(f"{name} {versions[name]}" for name in PACKAGES if name in versions)
    text += f"{date.today()}: {os.cpu_count()} cores, no GPU, {known}.\n"
    PAGE.write_text(text, encoding="utf-8")


def _measure(project: Path, framework: str, own: list[str], epochs: int) -> str:
    """Return the cells of metric, run, and a step of two loops."""
    seconds, _ = _cpu(project, "uv", "run", "my-model", "run", "--run=bench", *own)
    metrics = json.loads((project / "runs/bench/metrics.json").read_text(encoding="utf-8"))
    primary = metrics["primary"]
    low, high = metrics["interval"][primary]
    value = f"{primary} {metrics['metrics'][primary]:.3f} ({low:.3f} to {high:.3f})"
    needs = ["--with-requirements", str(HERE / "requirements.txt")] * (framework == "pytorch")
    loop = ("python", str(HERE / "bench_loop.py"), framework, str(epochs), *own)
    _, output = _cpu(project, "uv", "run", *needs, *loop)
    costs = dict(line.split()[::2][:2] for line in output.splitlines()[-4:] if line.strip())
    return f"{value} | {seconds:.0f} | {costs['ours']} | {costs['bare']}"


def _import(project: Path) -> float:
    """Return the CPU seconds of importing networks, less those of Python itself."""
    words = ("uv", "run", "python", "-c")
    code = "import my_model.networks"
    _cpu(project, *words, code)
    return _cpu(project, *words, code)[0] - _cpu(project, *words, "import numpy")[0]


def _size(folder: Path) -> float:
    """Return megabytes."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _formats(task: str, framework: str) -> str:
    laid = files({"task": task, "framework": framework, "targets": targets(task, framework)})
    names = [Path(path).stem for path in laid if "/toolkit/export/" in path]
    return ", ".join(sorted(n.removesuffix("_runtime") for n in names if n.endswith("_runtime")))


def _cpu(project: Path, *words: str) -> tuple[float, str]:
    """Run a command, return the CPU seconds of all its processes, and what it printed."""
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    env |= interpreter(project) or {}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        words, cwd=project, check=True, env=env, stdout=subprocess.PIPE, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return spent, done.stdout


def _versions(project: Path) -> dict[str, str]:
    found = tomllib.loads((project / "uv.lock").read_text(encoding="utf-8"))["package"]
    return {each["name"]: each["version"] for each in found}


if __name__ == "__main__":
    main()
