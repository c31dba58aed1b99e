"""`copier update`: to a new version, and from one answer to another; the user's edits stay."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from copier import run_copy, run_update
from jinja2 import Environment

from answers import QUESTIONS, choices
from render import ROOT, SOURCES, commit, git, render, snapshot

IGNORED = shutil.ignore_patterns(".git")

OWN_MODULE = '"""A module of the user\'s own."""\n\nANSWER = 42\n'
OWN_TEST = "from my_model.own import ANSWER\n\n\ndef test_own():\n    assert ANSWER == 42\n"


def _project(template: Path, folder: Path, answers: dict[str, Any] | None = None) -> Path:
    render(template, folder, answers)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "rendered")
    return folder


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new), "utf-8")


def _edits(folder: Path, code: str = "train.py") -> None:
    """What users do: a setting, a dependency, a paragraph, a changed function, own files."""
    _edit(folder / "config.yaml", "seed: 0", "seed: 7")
    _edit(
        folder / "pyproject.toml", '    "pyyaml>=6.0",\n', '    "pyyaml>=6.0",\n    "rich>=14",\n'
    )
    _edit(folder / "README.md", "## Use\n", "## Why\n\nBecause it pays.\n\n## Use\n")
    line = CODE[code]
    _edit(folder / "src/my_model" / code, line, f"    print(len(splits.train.ids))\n{line}")
    (folder / "src/my_model/own.py").write_text(OWN_MODULE)
    (folder / "tests/test_own.py").write_text(OWN_TEST)
    commit(folder, "edited")


CODE = {"train.py": "    model = build(", "evaluate.py": "    predictions = predict("}
EDITED = {
    "config.yaml": "seed: 7",
    "pyproject.toml": '"rich>=14"',
    "README.md": "Because it pays.",
    "src/my_model/own.py": OWN_MODULE,
    "tests/test_own.py": OWN_TEST,
}


def _assert_kept(folder: Path, code: str = "train.py") -> None:
    edited = EDITED | {f"src/my_model/{code}": "print(len(splits.train.ids))"}
    for name, text in edited.items():
        assert text in (folder / name).read_text("utf-8"), name
    assert "<<<<<<<" not in git(folder, "diff", "HEAD")
    assert not list(folder.rglob("*.rej"))


def _files(folder: Path) -> dict[str, bytes]:
    names = git(folder, "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


def _released() -> list[str]:
    """Return the tags that users may be at; before the first one, the last commit."""
    tags = git(ROOT, "-c", "safe.directory=*", "tag", "--list", "[0-9]*").split()
    return tags or ["HEAD"]


def _checkout(version: str, folder: Path) -> Path:
    """Make a template repository of that version, with the working tree as the next one."""
    archive = folder.with_suffix(".tar")
    git(ROOT, "-c", "safe.directory=*", "archive", "-o", str(archive), version, "--", *SOURCES)
    shutil.unpack_archive(archive, folder, filter="data")
    git(folder, "init", "-q", "-b", "main")
    commit(folder, version)
    git(folder, "tag", version if version != "HEAD" else "0.0.1")
    return folder


@pytest.mark.parametrize("version", _released())
def test_a_project_of_each_release_reaches_the_working_tree(version: str, tmp_path: Path) -> None:
    template = _checkout(version, tmp_path / "template")
    folder = _project(template, tmp_path / "project")
    _edits(folder)
    for name in SOURCES:
        git(template, "rm", "-rq", name)
    shutil.copytree(snapshot(tmp_path / "next"), template, IGNORED, dirs_exist_ok=True)
    commit(template, "next")
    git(template, "tag", "9999")
    run_update(folder, defaults=True, overwrite=True, quiet=True)
    _assert_kept(folder)
    fresh = _project(template, tmp_path / "fresh")
    _edits(fresh)
    assert _files(folder) == _files(fresh)


def test_a_new_version_arrives_and_edits_stay(tmp_path: Path) -> None:
    template = snapshot(tmp_path / "template", "1.0.0")
    folder = _project(template, tmp_path / "project")
    _edits(folder)
    part = template / "parts/framework/sklearn/infer.py"
    part.write_text(part.read_text("utf-8") + "\n\nNEW = True\n", "utf-8")
    _edit(template / "template/config.yaml.jinja", "  trials: 20", "  trials: 25")
    _edit(template / "parts/modality/tabular/readme.md", "## Your own data", "## Data of your own")
    commit(template, "better")
    git(template, "tag", "1.1.0")
    run_update(folder, defaults=True, overwrite=True, quiet=True)
    _assert_kept(folder)
    assert "NEW = True" in (folder / "src/my_model/infer.py").read_text("utf-8")
    assert "trials: 25" in (folder / "config.yaml").read_text("utf-8")
    assert "## Data of your own" in (folder / "README.md").read_text("utf-8")
    changed = {line[3:] for line in git(folder, "status", "--short").splitlines()}
    touched = {"src/my_model/infer.py", "config.yaml", "README.md", ".copier-answers.yml"}
    assert changed == touched


def test_the_same_lines_changed_by_both_become_an_ordinary_conflict(tmp_path: Path) -> None:
    template = snapshot(tmp_path / "template", "1.0.0")
    folder = _project(template, tmp_path / "project")
    _edit(folder / "config.yaml", "  trials: 20", "  trials: 99")
    commit(folder, "edited")
    _edit(template / "template/config.yaml.jinja", "  trials: 20", "  trials: 25")
    commit(template, "better")
    git(template, "tag", "1.1.0")
    run_update(folder, defaults=True, overwrite=True, quiet=True)
    text = (folder / "config.yaml").read_text("utf-8")
    assert "<<<<<<<" in text and "trials: 99" in text and "trials: 25" in text


SWITCHES = [
    {"tracker": "mlflow", "license": "Apache-2.0", "ci": "gitlab"},
    {"targets": ["batch", "browser"]},
    {"targets": []},
    {"targets": ["api"], "versioning": "dvc"},
    {"tracker": "tensorboard", "license": "BSD-3-Clause", "ci": "none"},
    {"task": "tabular-regression"},
    {"tracker": "wandb", "license": "proprietary", "targets": ["api", "batch"]},
    {"task": "image-classification"},
    {"task": "tabular-classification", "versioning": "none", "ci": "github"},
    {"tracker": "none", "license": "MIT"},
]
FRAMEWORKS = [
    {"framework": "pytorch"},
    {"task": "image-classification"},
    {"framework": "sklearn"},
    {"task": "text-classification"},
    {"framework": "transformers"},
    {"task": "text-generation"},
    {"targets": ["llama-cpp", "vllm"]},
    {"task": "text-classification", "framework": "sklearn", "targets": ["api", "batch"]},
    {"framework": "pytorch", "task": "tabular-regression"},
    {"framework": "sklearn", "task": "tabular-classification"},
]


@pytest.mark.parametrize(("code", "switches"), zip(CODE, [SWITCHES, FRAMEWORKS], strict=True))
def test_every_answer_can_be_switched_on_a_living_project(
    code: str, switches: list[dict[str, Any]], template: Path, tmp_path: Path
) -> None:
    """After each switch the project is what a fresh render gives, plus the user's edits.

    Another framework brings another train.py, and so do texts: there the edit is in a file that
    all of them have.
    """
    folder = _project(template, tmp_path / "project")
    _edits(folder, code)
    answers: dict[str, Any] = {}
    for number, switch in enumerate(switches):
        answers |= switch
        run_update(folder, data=switch, defaults=True, overwrite=True, quiet=True)
        _assert_kept(folder, code)
        fresh = _project(template, tmp_path / f"fresh{number}", answers)
        _edits(fresh, code)
        assert _files(folder) == _files(fresh), switch
        commit(folder, str(switch))


def test_the_switches_reach_every_answer() -> None:
    for question in ("task", "framework", "tracker", "versioning", "ci", "license"):
        default = Environment().from_string(QUESTIONS[question]["default"]).render(task="any")
        reached = {switch.get(question, default) for switch in [*SWITCHES, *FRAMEWORKS]}
        assert reached == set(choices(question)), question


def test_update_needs_no_trust(template: Path, tmp_path: Path) -> None:
    run_copy(str(template), tmp_path / "project", defaults=True, quiet=True, unsafe=False)
    assert (tmp_path / "project/README.md").exists()
