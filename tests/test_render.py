"""Every answer set renders: the right files, formatted, complete, and the same each time."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from answers import answer_sets
from render import ROOT, render

SETS = answer_sets()
# Files whose braces belong to somebody else: GitHub's expressions, pages made at run time.
BRACES = ("ci.yml", ".j2")


@pytest.mark.parametrize("name", SETS)
def test_render(name: str, template: Path, tmp_path: Path) -> None:
    folder = render(template, tmp_path / "project", SETS[name])
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    package = SETS[name].get("project_name", "My Model").lower().replace("-", "_").replace(" ", "_")
    assert _expected(SETS[name], package) == files
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".csv":
            _check_text(path, path.read_text("utf-8"))
    ruff = [sys.executable, "-m", "ruff"]
    for words in (["check", "--no-cache", "."], ["format", "--no-cache", "--check", "."]):
        done = subprocess.run([*ruff, *words], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
    again = render(template, tmp_path / "again", SETS[name])
    assert all((again / file).read_bytes() == (folder / file).read_bytes() for file in files)


def _check_text(path: Path, text: str) -> None:
    assert not text or (text.endswith("\n") and not text.endswith("\n\n")), path
    if not path.name.endswith(BRACES):
        stray = re.search(r"\{%|\{\{|\{#", text)
        assert not stray, (path, stray)
    if path.suffix == ".py":
        compile(text, path, "exec")
    elif path.suffix in (".yaml", ".yml"):
        yaml.safe_load(text)
    elif path.suffix == ".toml":
        tomllib.loads(text)


def _expected(answers: dict[str, Any], package: str) -> set[str]:
    """Say which files a project has, from its answers."""
    task = answers.get("task", "tabular-classification")
    targets = answers.get("targets", ["api", "batch"])
    lists = json.loads((ROOT / "tests/files.json").read_text("utf-8"))
    names = [*lists["always"], *lists[task]]
    for choice in (*targets, answers.get("versioning", "none"), answers.get("ci", "github")):
        names += lists.get(choice, [])
    return {name.replace("PACKAGE", package) for name in names}
