"""The rules that keep the template readable; none of these tests needs a framework."""

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from jinja2 import Environment

from answers import QUESTIONS, cells, choices, targets
from render import ROOT, render

TEMPLATE, PARTS = ROOT / "template", ROOT / "parts"
PYTHON = sorted([*PARTS.rglob("*.py"), *TEMPLATE.rglob("*.py")])
PATHS = [
    path
    for path in [*TEMPLATE.rglob("*"), *PARTS.rglob("*")]
    if not any(part.endswith("cache__") or part.endswith("_cache") for part in path.parts)
]
INCLUDE = r'\{% include \[?"parts/[^%]*"\]? -?%\}'
TEST = r'\{% filter replace\("my_model", package\) %\}' + INCLUDE + r"\{% endfilter %\}"
BRANCH = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith)


def test_parts_hold_no_jinja() -> None:
    found = [p for p in PARTS.rglob("*.py") if re.search(r"\{\{|\{%|\{#", p.read_text("utf-8"))]
    assert not found


def test_a_python_template_is_one_include() -> None:
    python = [p for p in TEMPLATE.rglob("*.jinja") if ".py" in p.name]
    assert python
    odd = [p for p in python if not re.fullmatch(f"({INCLUDE}|{TEST})\n?", p.read_text("utf-8"))]
    assert not odd


def test_every_choice_has_its_folder_and_every_folder_its_choice() -> None:
    for question in ("task", "framework", "tracker", "versioning", "targets"):
        folders = {path.name for path in (PARTS / question.removesuffix("s")).iterdir()} - {
            "__pycache__"
        }
        assert folders == set(choices(question)), question
    texts = {path.stem for path in (PARTS / "license").glob("*.txt")}
    assert texts == set(choices("license"))
    assert {task for task, _ in cells()} == set(choices("task"))


def test_a_target_is_refused_where_its_formats_are_missing() -> None:
    offered = QUESTIONS["targets"]["choices"].values()
    refused = {c["value"]: c["validator"] for c in offered if isinstance(c, dict)}
    for task, framework in cells():
        cell = {"task": task, "framework": framework}
        wrong = {t for t in refused if Environment().from_string(refused[t]).render(cell)}
        assert wrong == set(choices("targets")) - set(targets(task, framework)), cell


def test_a_framework_is_refused_where_its_model_is_missing() -> None:
    offered = QUESTIONS["framework"]["choices"].values()
    refused = {c["value"]: c["validator"] for c in offered if isinstance(c, dict)}
    for task, framework in product(choices("task"), choices("framework")):
        rule = refused.get(framework, "")
        wrong = bool(Environment().from_string(rule).render(task=task))
        assert wrong == ((task, framework) not in cells()), (task, framework)


def test_questions_need_no_answer_and_no_trust() -> None:
    asked = {name: q for name, q in QUESTIONS.items() if not name.startswith("_")}
    assert all("default" in question for question in asked.values())
    assert not {"_tasks", "_jinja_extensions"} & set(QUESTIONS)
    assert all("version" in migration for migration in QUESTIONS.get("_migrations", []))
    assert QUESTIONS["_envops"]["undefined"] == "jinja2.StrictUndefined"


def test_parts_of_one_name_are_called_alike() -> None:
    """A seam is a signature: public functions, argument names and annotations agree."""
    seams: dict[tuple[str, str], list[Path]] = {}
    for path in PARTS.rglob("*.py"):
        axis = path.relative_to(PARTS).parts[0]
        if "tests" not in path.parts:
            name = f"commands/{path.name}" if path.parent.name == "commands" else path.name
            seams.setdefault((axis, name), []).append(path)
    for (axis, name), paths in seams.items():
        signatures = {path: _signatures(path) for path in paths}
        assert len(set(map(str, signatures.values()))) == 1, (axis, name, signatures)


def _signatures(path: Path) -> dict[str, str]:
    functions = [n for n in ast.parse(path.read_text("utf-8")).body if isinstance(n, FUNCTION)]
    return {
        f.name: f"({ast.unparse(f.args)}) -> {ast.unparse(f.returns) if f.returns else None}"
        for f in sorted(functions, key=lambda f: f.name)
        if not f.name.startswith("_")
    }


FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def test_commands_are_called_alike() -> None:
    modules = [
        path for path in PYTHON if path.parent.name == "commands" and path.stem != "__init__"
    ]
    assert modules
    for path in modules:
        text = path.read_text("utf-8")
        assert ast.get_docstring(ast.parse(text)) and "\nREADS = (" in text, path
        found = _signatures(path)
        assert found.pop("run") == "(config: Config, args: argparse.Namespace) -> int", path
        arguments = found.pop("arguments", "(parser: argparse.ArgumentParser) -> None")
        assert arguments == "(parser: argparse.ArgumentParser) -> None" and not found, path


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_budgets(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 350
    for function in (n for n in ast.walk(ast.parse(text)) if isinstance(n, FUNCTION)):
        assert (function.end_lineno or 0) - function.lineno < 50, function.name
        assert _depth(function) <= 3, function.name


def test_scripts_are_short() -> None:
    scripts = [path for path in PATHS if re.search(r"\.m?js$", path.name)]
    assert scripts
    for path in scripts:
        lines = path.read_text("utf-8").splitlines()
        assert len(lines) <= 350 and max(map(len, lines)) <= 100, path


def _depth(node: ast.AST) -> int:
    return max(
        (_depth(child) + isinstance(child, BRANCH) for child in ast.iter_child_nodes(node)),
        default=0,
    )


def test_control_lines_are_few(template: Path, tmp_path: Path) -> None:
    """At most 5 of 100 rendered lines, and no branch inside a branch."""
    folder = render(template, tmp_path / "project")
    for path in _texts():
        control = [line for line in path.read_text("utf-8").splitlines() if "{%" in line]
        rendered = folder / path.relative_to(TEMPLATE).with_suffix("")
        lines = len(rendered.read_text("utf-8").splitlines()) if rendered.exists() else 0
        assert len(control) <= max(1, 0.05 * lines), (path.name, len(control), lines)
        assert not any(line.startswith((" {%", "\t{%")) for line in control), path.name


def _texts() -> Iterator[Path]:
    for path in TEMPLATE.rglob("*.jinja"):
        if ".py" not in path.name and "{" not in path.name and path.name != "LICENSE.jinja":
            yield path


def test_file_names_work_everywhere() -> None:
    names = {re.sub(r"\{[%{].*?[%}]\}", "", path.name) for path in PATHS}
    assert not [name for name in names if re.search(r'["<>:|?*\\]', name) or name.endswith(".")]


def test_no_machine_and_no_registry_is_named() -> None:
    forbidden = re.compile(r"/root/|/home/\w|/work/|pypi\.org|pythonhosted|registry\.npmjs")
    texts = [p for p in PATHS if p.is_file() and p.suffix != ".pyc" and p.parent.name != "raw"]
    assert not [path for path in texts if forbidden.search(path.read_text("utf-8"))]
