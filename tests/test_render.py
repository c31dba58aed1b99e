"""Every answer set renders: the right files, formatted, complete and reproducible."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from answers import answer_sets
from overlays import files
from render import render

SETS = answer_sets()
# Files whose braces belong to somebody else: GitHub's expressions, pages and chats of later.
BRACES = ("odd_templates.json", "ci.yml", ".j2", "template.txt")
FILES, MODULES, PROJECT = 145, 87, 1461
BUDGET = {"src": 7017, "tests": 3081}  # lines of code


@pytest.mark.parametrize("name", SETS)
def test_render(name: str, template: Path, tmp_path: Path) -> None:
    folder = render(template, tmp_path / "project", SETS[name])
    rendered = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert rendered == {*files(SETS[name])}
    check_texts(folder)
    (package,) = (path.name for path in (folder / "src").iterdir())
    check_imports(folder, package)
    ruff = [sys.executable, "-m", "ruff"]
    for words in (["check", "--no-cache", "."], ["format", "--no-cache", "--check", "."]):
        done = subprocess.run([*ruff, *words], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
    if name.endswith("-0"):  # one of each cell
        again = render(template, tmp_path / "again", SETS[name])
        assert _bytes(folder) == _bytes(again)


def _bytes(folder: Path) -> dict[Path, bytes]:
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def check_texts(folder: Path) -> None:
    """Assert that every text of a project is complete and can be parsed."""
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix not in (".csv", ".jsonl", ".zip"):
            _check_text(path, path.read_text("utf-8"))


def _check_text(path: Path, text: str) -> None:
    assert not text or (text.endswith("\n") and not text.endswith("\n\n")), path
    if not path.name.endswith(BRACES):
        stray = re.search(r"\{%|\{\{|\{#", text)
        assert not stray, (path, stray)
    if path.suffix == ".py":
        compile(text, path, "exec")
    elif path.suffix in (".yaml", ".yml"):
        yaml.compose(text)  # harness/ has a tag of its reader
    elif path.suffix == ".toml":
        tomllib.loads(text)
    elif path.suffix == ".md":
        prose = re.sub(r"^```.*?^```$", "code", text, flags=re.DOTALL | re.MULTILINE)
        assert not re.search(r"[^\n]\n#|^#.*\n[^\n]|\n\n\n", prose, re.MULTILINE), path
    elif path.name == "Dockerfile":
        command = [Path(sys.executable).with_name("hadolint"), path]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def check_imports(folder: Path, package: str) -> None:
    """Assert that a project's tests take from its modules what there is: no other check reads them.

    It sees `from package.module import name`, and `module.name` of modules imported at the top.
    """
    for path in sorted(folder.rglob("tests/**/*.py")):
        tree, modules = ast.parse(path.read_text("utf-8")), dict[str, set[str]]()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{package}."):
                place = folder / "src" / str(node.module).replace(".", "/")
                for name in (each.name for each in node.names):
                    known = _names(place.with_suffix(".py")) | _names(place / "__init__.py")
                    is_module = (place / name).is_dir() or (place / f"{name}.py").exists()
                    assert is_module or name in known, (path.name, node.module, name)
                    modules |= {name: _names(place / f"{name}.py")} if is_module else {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                known = modules.get(node.value.id, {node.attr}) | {"__name__"}
                assert node.attr in known, (path.name, node.value.id, node.attr)


def _names(path: Path) -> set[str]:
    """Return the names that a module defines or imports; none if it does not exist."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text("utf-8") if path.exists() else "")):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(each.asname or each.name).split(".")[0] for each in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


FOREIGN = r"(?i)\b(pictures?|conversations?|chats?|torchrun|core ?ml|gguf|wandb|lm-eval)\b"


def test_the_default_project_names_nothing_of_others(template: Path, tmp_path: Path) -> None:
    """Code for another task, framework, target or tracker is only in their folders."""
    folder = render(template, tmp_path / "project")
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if "raw" not in path.parts:
            assert not re.search(FOREIGN, path.read_text("utf-8")), path


def test_the_default_project_is_small(template: Path, tmp_path: Path) -> None:
    """The budget of the default render; lower the numbers when they fall."""
    folder = render(template, tmp_path / "project")
    files = sum(path.is_file() for path in folder.rglob("*"))
    code = {name: sum(map(_code_lines, (folder / name).rglob("*.py"))) for name in BUDGET}
    modules = [path for path in (folder / "src").rglob("*.py") if path.stat().st_size]
    project = sum(_code_lines(path) for path in modules if "toolkit" not in path.parts)
    print(f"{files} files, {len(modules)} modules; lines of code: {code}, {project} of the project")
    assert files <= FILES and len(modules) <= MODULES and project <= PROJECT
    assert all(code[name] <= BUDGET[name] for name in BUDGET)


def _code_lines(path: Path) -> int:
    """Count the lines that are not blank, a docstring or a comment."""
    text = path.read_text("utf-8")
    notes = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, (node.end_lineno or 0) + 1)
    }
    lines = enumerate(text.splitlines(), 1)
    return sum(bool(line.split("#")[0].strip()) and number not in notes for number, line in lines)
