"""The DVC pipeline of a rendered project: reproduced, pushed to a remote and pulled."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from render import commit

DVC = ("uvx", "dvc@3.67.1")  # in its own environment: its pins do not constrain the project
STAGES = ("data", "train", "evaluate", "export")


def call(project: Path, *command: str) -> str:
    """Run a command in the project and return what it printed."""
    env = os.environ | {"DVC_NO_ANALYTICS": "1"}
    env.pop("VIRTUAL_ENV", None)
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def started(output: str) -> list[str]:
    """Return the stages that `dvc repro` ran."""
    return [stage for stage in STAGES if f"Running stage '{stage}'" in output]


def check_dvc(project: Path, remote: Path) -> None:
    """Assert that the pipeline is reproducible, works with a remote, and reruns only changes."""
    call(project, "git", "rm", "-rq", "--cached", "--ignore-unmatch", "data/raw")
    call(project, *DVC, "add", "-q", "data/raw")
    assert started(call(project, *DVC, "repro")) == list(STAGES)
    commit(project, "first")
    assert "runs/" not in call(project, "git", "ls-files")
    assert started(call(project, *DVC, "repro")) == []

    call(project, *DVC, "remote", "add", "-d", "store", str(remote))
    call(project, *DVC, "push")
    results = [project / name for name in ("data/raw", "runs/dvc/model", "runs/dvc/export")]
    files = [path for folder in results for path in sorted(folder.rglob("*")) if path.is_file()]
    before = [path.read_bytes() for path in files]
    for folder in (project / ".dvc/cache", project / "data/processed", *results):
        shutil.rmtree(folder)
    call(project, *DVC, "pull")
    assert [path.read_bytes() for path in files] == before
    assert started(call(project, *DVC, "repro")) == []

    path = project / "config.yaml"
    path.write_text(path.read_text().replace("resamples: 1000", "resamples: 999"))
    assert list(json.loads(call(project, *DVC, "status", "--json"))) == ["evaluate"]
