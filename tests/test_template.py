"""The rules that keep the template readable; none of these tests needs a framework."""

import ast
import re
from functools import cache
from graphlib import TopologicalSorter
from itertools import combinations, product
from math import ceil
from pathlib import Path

import pytest
from jinja2 import Environment

from answers import cells, choices, modality, overlay, targets
from overlays import (
    NAME,
    PARTS,
    QUESTIONS,
    TEMPLATE,
    answered,
    files,
    landing,
    nesting,
    overlays,
    walk,
)
from render import ROOT, render

PATHS = [
    path
    for path in TEMPLATE.rglob("*")
    if not any(part.endswith("cache__") or part.endswith("_cache") for part in path.parts)
]
FILES = [path for path in PATHS if path.is_file()]
PYTHON = [path for path in walk() if landing(path).endswith(".py")]
SOURCES = "src/{{ package }}/"
MODULES = {
    landing(path).removeprefix(SOURCES).removesuffix(".py")
    for path in PYTHON
    if landing(path).startswith(SOURCES)
}
TAG = re.compile(r"\{\{.*?\}\}|\{%|\{#")
BRANCH = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith)
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
# Modules that do not yet have the same public functions in every overlay: nothing may join them.
UNLIKE = {
    "toolkit/export/coreml.py",
    "toolkit/export/encode.py",
    "toolkit/export/onnx.py",
    "toolkit/export/parity.py",
    "toolkit/export/program.py",
    "library.py",
    "toolkit/serving/app.py",
    "training/tuner.py",
}


def _code(path: Path) -> str:
    return path.read_text("utf-8").replace("{{ package }}", "my_model")


def test_python_holds_no_jinja_but_the_package() -> None:
    """A test imports the package by its name, or names a module of it in a string."""
    for path in PYTHON:
        tags = TAG.findall(path.read_text("utf-8"))
        if path.suffix == ".py":
            assert "{{ package }}" not in tags and not {"{%", "{#"} & {*tags}, path
        else:
            assert {*tags} == {"{{ package }}"} and landing(path).startswith("tests/"), path
            assert "my_model" not in path.read_text("utf-8") and not _named(path), path


def _named(path: Path) -> list[str]:
    """Return the names and comments of a file that hold the package's name, where none may."""
    code = _code(path)
    tree = ast.parse(code)
    imports = (ast.Import, ast.ImportFrom)
    kept = [node for node in ast.walk(tree) if isinstance(node, (*imports, ast.Constant))]
    lines = {n for node in kept for n in range(node.lineno, (node.end_lineno or 0) + 1)}
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    outside = [x for n, x in enumerate(code.splitlines(), 1) if n not in lines and "my_model" in x]
    return [name for name in names if "my_model" in name] + outside


def test_every_overlay_is_a_folder_and_every_folder_an_overlay() -> None:
    names = {path.name for path in PATHS if path.is_dir() and NAME.fullmatch(path.name)}
    assert names - {"{{ package }}"} == {f"{{{{ {name} }}}}" for name in overlays()}
    for path in PATHS:
        inside = NAME.findall(path.relative_to(TEMPLATE).as_posix())
        assert path.name.startswith("{{ _") or "{%" not in path.name, path
        assert len(set(inside)) == len(inside), path


def test_overlays_nest_in_one_order() -> None:
    """Framework, target, kind of inputs, problem, the rest: each file has one place to be in."""
    pairs = {
        (outer, inner)
        for names in map(nesting, FILES)
        for number, outer in enumerate(names)
        for inner in names[number + 1 :]
    }
    assert not [pair for pair in pairs if pair[::-1] in pairs]
    assert max(len(nesting(path)) for path in FILES) <= 3


def test_no_two_overlays_write_one_file() -> None:
    """For all answers: with --overwrite, as in an update, Copier uses the last one."""
    names: dict[str, set[tuple[str, ...]]] = {}
    for path in walk():
        names.setdefault(landing(path), set()).add(nesting(path))
    shared = [found for found in names.values() if len(found) > 1]
    every = [
        {"task": task, "framework": framework, "targets": [*some]}
        for task, framework in cells()
        for number in range(len(targets(task, framework)) + 1)
        for some in combinations(targets(task, framework), number)
    ]
    minor = ("tracker", "versioning", "ci")
    for answers in every + [{name: value} for name in minor for value in choices(name)]:
        context = answered(answers)
        for found in shared:
            laid = [folders for folders in found if all(context[name] for name in folders)]
            assert len(laid) <= 1, (answers, laid)


def test_every_choice_has_its_overlay() -> None:
    questions = ("framework", "targets", "tracker", "versioning", "ci")
    named = {overlay(choice) for name in questions for choice in choices(name)} - {"none"}
    named |= {half for task in choices("task") for half in (modality(task), task.split("-")[1])}
    assert named <= {*overlays()}
    texts = {path.stem for path in (TEMPLATE / PARTS / "licenses").glob("*.txt")}
    assert texts == set(choices("license"))
    assert {task for task, _ in cells()} == set(choices("task"))


def test_no_fragment_is_forgotten() -> None:
    """Each is taken by name, by a text at the top or by another fragment."""
    texts = [path for path in FILES if path.suffix == ".jinja" or path.parent.name == PARTS]
    taken: set[str] = set()
    for text in (path.read_text("utf-8") for path in [*texts, ROOT / "copier.yml"]):
        taken |= {*re.findall(r'\b(?:lines|sections)\("([\w.-]+)"', text)}
        for tag in re.findall(r"\{% (?:include|from) .*?%\}", text):
            taken |= set(re.findall(r'([\w-]+\.\w+)"', tag))
    assert {path.name for path in FILES if path.parent.name == PARTS} == taken


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
    questions = {name: q for name, q in QUESTIONS.items() if not name.startswith("_")}
    assert all("default" in question for question in questions.values())
    assert not {"_tasks", "_jinja_extensions"} & set(QUESTIONS)
    assert all("version" in migration for migration in QUESTIONS.get("_migrations", []))
    assert QUESTIONS["_envops"]["undefined"] == "jinja2.StrictUndefined"


def test_files_of_one_name_are_called_alike() -> None:
    """A seam is a signature: public functions, argument names and annotations agree."""
    seams: dict[str, list[Path]] = {}
    for path in PYTHON:
        if landing(path).startswith(SOURCES):
            seams.setdefault(landing(path).removeprefix(SOURCES), []).append(path)
    signatures = {name: {str(_signatures(path)) for path in seams[name]} for name in seams}
    assert {name for name, found in signatures.items() if len(found) > 1} == UNLIKE


@pytest.mark.parametrize(
    ("function", "ending"), [("convert", ".py"), ("compress", ".py"), ("load", "_runtime.py")]
)
def test_formats_are_called_alike(function: str, ending: str) -> None:
    formats = [path for path in PYTHON if landing(path).startswith(f"{SOURCES}toolkit/export/")]
    paths = [path for path in formats if path.name.endswith(ending)]
    found = [_signatures(path)[function] for path in paths if function in _signatures(path)]
    assert len(found) > 3
    assert len({re.sub(r"=[^,)]+", "", signature) for signature in found}) == 1


OWN = {  # what other frameworks call what PyTorch does
    "Array": "Tensor",
    "nnx.Module": "nn.Module",
    "keras.Model": "nn.Module",
    "keras.Layer": "nn.Module",
}


@cache
def _signatures(path: Path) -> dict[str, str]:
    functions = [n for n in ast.parse(_code(path)).body if isinstance(n, FUNCTION)]
    found = {
        f.name: f"({ast.unparse(f.args)}) -> {ast.unparse(f.returns) if f.returns else None}"
        for f in sorted(functions, key=lambda f: f.name)
        if not f.name.startswith("_")
    }
    named = re.compile(rf"\b({'|'.join(map(re.escape, OWN))})\b")
    return {name: named.sub(lambda m: OWN[m[0]], signature) for name, signature in found.items()}


def test_commands_are_called_alike() -> None:
    """`commands/__init__.py` says what the command line asks of each."""
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
    text, name = _code(path), landing(path)
    is_project = name.startswith(SOURCES) and not name.startswith(f"{SOURCES}toolkit/")
    assert len(text.splitlines()) <= (200 if is_project else 350)
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


def test_texts_are_mostly_text(template: Path, tmp_path: Path) -> None:
    """One tag a line, answers aside, no branch inside a branch, and 8 tags of 100 rendered lines.

    A short text may have four.
    """
    folder = render(template, tmp_path / "project", {"targets": ["api", "batch", "browser"]})
    for path in walk():
        if path.suffix != ".jinja" or ".py" in path.name or not (folder / landing(path)).exists():
            continue
        text = re.sub(r"\{\{ \w+( \| [^}]*)? \}\}", "", path.read_text("utf-8"))
        tags = [len(re.findall(r"\{%.*?%\}|\{\{.*?\}\}", line)) for line in text.splitlines()]
        rendered = len((folder / landing(path)).read_text("utf-8").splitlines())
        assert sum(tags) <= max(4, ceil(0.08 * rendered)), (path, sum(tags), rendered)
        assert max(tags) <= 1, path
        assert not re.search(r"^\s+\{% (?!include)", text, re.MULTILINE), path


def test_file_names_work_everywhere() -> None:
    names = {re.sub(r"\{[%{].*?[%}]\}", "", path.name) for path in PATHS}
    assert not [name for name in names if re.search(r'["<>:|?*\\]', name) or name.endswith(".")]


def test_no_machine_and_no_registry_is_named() -> None:
    forbidden = re.compile(r"/root/|/home/\w|/work/|pypi\.org|pythonhosted|registry\.npmjs")
    texts = [path for path in FILES if path.suffix != ".pyc" and path.parent.name != "raw"]
    assert not [path for path in texts if forbidden.search(path.read_text("utf-8"))]


def test_the_names_of_folders_say_what_renders(template: Path, tmp_path: Path) -> None:
    folder = render(template, tmp_path / "project")
    rendered = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert rendered == {*files({})}


def test_the_toolkit_imports_nothing_of_the_project() -> None:
    toolkit = [path for path in PYTHON if landing(path).startswith(f"{SOURCES}toolkit/")]
    assert len(toolkit) > 100
    for path in toolkit:
        module = landing(path).removeprefix(SOURCES).removesuffix(".py")
        imported = _imported(path, deep=True)
        assert not [name for name in imported if not name.startswith("toolkit/")], module
    assert "toolkit/runs" in set().union(*map(_imported, toolkit))


@pytest.mark.parametrize(("task", "framework"), cells())
def test_no_module_imports_itself_through_others(task: str, framework: str) -> None:
    answers = {"task": task, "framework": framework, "targets": targets(task, framework)}
    modules = {
        name.removeprefix("src/my_model/").removesuffix(".py"): path
        for name, path in files(answers).items()
        if name.startswith("src/my_model/") and name.endswith(".py")
    }
    order = TopologicalSorter(
        {name: _imported(path) & {*modules} for name, path in modules.items()}
    )
    assert len([*order.static_order()]) == len(modules)  # CycleError names the modules


@cache
def _imported(path: Path, deep: bool = False) -> frozenset[str]:
    """Return the modules, as "folder/name", that one imports at its top, or in functions too."""
    tree, own = ast.parse(_code(path)), landing(path).removeprefix(SOURCES).removesuffix(".py")
    folders, found = own.split("/"), set[str]()
    for node in ast.walk(tree) if deep else tree.body:
        if isinstance(node, ast.ImportFrom) and node.level:
            above = [*folders[: len(folders) - node.level], *(node.module or "").split(".")]
            place = "/".join(filter(None, above))
            found |= {f"{place}/{each.name}".removeprefix("/") for each in node.names} & MODULES
            found |= {place} & MODULES
    return frozenset(found)
