"""`copier update` to a new version, and from one answer to another, keeps the user's edits."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy, run_update
from copier.errors import UnsafeTemplateError
from jinja2 import Environment

import history
from answers import QUESTIONS, choices
from edits import conflicts, edit, edits, lost, project
from render import ROOT, commit, git, snapshot
from switches import step


def _released() -> list[str]:
    """Return the tags that users may have; before the first release, the last commit."""
    tags = git(ROOT, "-c", "safe.directory=*", "tag", "--list", "[0-9]*").split()
    return tags or ["HEAD"]


def _checkout(version: str, folder: Path) -> Path:
    """Create a template repository with that version, and the working tree as the next one."""
    archive = folder.with_suffix(".tar")
    git(ROOT, "-c", "safe.directory=*", "archive", "-o", str(archive), version)
    shutil.unpack_archive(archive, folder, filter="data")
    git(folder, "init", "-q", "-b", "main")
    commit(folder, version)
    git(folder, "tag", version if version != "HEAD" else "0.0.1")
    return folder


@pytest.mark.parametrize("version", _released())
def test_a_project_of_each_release_reaches_the_working_tree(version: str, tmp_path: Path) -> None:
    template = _checkout(version, tmp_path / "template")
    git(template, "rm", "-rq", ".")
    ignored = shutil.ignore_patterns(".git")
    shutil.copytree(snapshot(tmp_path / "next"), template, ignored, dirs_exist_ok=True)
    commit(template, "next")
    git(template, "tag", history.NEXT)
    old = version if version != "HEAD" else "0.0.1"
    result = history.update(template, old, {}, tmp_path)
    assert not result["untouched"] and not result["lost"] and not result["unlike"]


@pytest.mark.parametrize(
    ("version", "answers"), [("0.1", "regression"), ("0.2", "pytorch"), ("0.5", "language-model")]
)
def test_a_project_of_a_past_commit_reaches_the_working_tree(
    version: str, answers: str, releases: Path, tmp_path: Path
) -> None:
    """Some rows of `nox -s history`, which takes many minutes."""
    result = history.update(releases, version, history.ANSWERS[answers], tmp_path)
    assert not result["untouched"] and not result["lost"] and not result["unlike"]


def test_a_new_version_arrives_and_edits_stay(tmp_path: Path) -> None:
    template = snapshot(tmp_path / "template", "1.0.0")
    folder = project(template, tmp_path / "project")
    edits(folder)
    file = template / "template/{{ sklearn }}/src/{{ package }}/predict.py"
    file.write_text(file.read_text("utf-8") + "\n\nNEW = True\n", "utf-8")
    edit(template / "template/config.yaml.jinja", "  trials: 20", "  trials: 25")
    fragment = template / "template/{{ tabular }}/_part/data.md"
    edit(fragment, "## Your own data", "## Data of your own")
    commit(template, "better")
    git(template, "tag", "1.1.0")
    run_update(folder, defaults=True, overwrite=True, quiet=True)
    assert not conflicts(folder) and not lost(folder)
    assert "NEW = True" in (folder / "src/my_model/predict.py").read_text("utf-8")
    assert "trials: 25" in (folder / "config.yaml").read_text("utf-8")
    assert "## Data of your own" in (folder / "README.md").read_text("utf-8")
    changed = {line[3:] for line in git(folder, "status", "--short").splitlines()}
    touched = {"src/my_model/predict.py", "config.yaml", "README.md", ".copier-answers.yml"}
    assert changed == touched


def test_the_same_lines_changed_by_both_become_an_ordinary_conflict(tmp_path: Path) -> None:
    template = snapshot(tmp_path / "template", "1.0.0")
    folder = project(template, tmp_path / "project")
    edit(folder / "config.yaml", "  trials: 20", "  trials: 99")
    commit(folder, "edited")
    edit(template / "template/config.yaml.jinja", "  trials: 20", "  trials: 25")
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
    {"framework": "pytorch", "targets": history.DEVICES},
    {"task": "image-classification"},
    {"framework": "keras", "targets": ["api", "batch"]},
    {"framework": "jax"},
    {"framework": "mlx", "task": "tabular-regression"},
    {"framework": "sklearn"},
    {"task": "text-classification"},
    {"framework": "transformers"},
    {"task": "text-generation"},
    {"targets": ["llama-cpp", "vllm"]},
    {"task": "text-classification", "framework": "sklearn", "targets": ["api", "batch"]},
    {"framework": "pytorch", "task": "tabular-regression"},
    {"framework": "sklearn", "task": "tabular-classification"},
]


@pytest.mark.parametrize("switches", [SWITCHES, FRAMEWORKS], ids=["answers", "frameworks"])
def test_every_answer_can_be_switched_on_an_existing_project(
    switches: list[dict[str, Any]], template: Path, tmp_path: Path
) -> None:
    """After each switch the project is what a new render gives, plus the user's edits.

    Another framework or task brings other code: if the user had changed it, git's markers
    show both versions.
    """
    folder = project(template, tmp_path / "project")
    edits(folder)
    answers: dict[str, Any] = {}
    for number, switch in enumerate(switches):
        answers |= switch
        result = step(folder, template, switch, answers, tmp_path / f"expected{number}")
        assert not result["untouched"] and not result["lost"] and not result["unlike"], switch
        assert not result["touched"] or {"framework", "task"} & {*switch}, switch


def test_the_switches_reach_every_answer() -> None:
    for question in ("task", "framework", "tracker", "versioning", "ci", "license"):
        default = Environment().from_string(QUESTIONS[question]["default"]).render(task="any")
        reached = {switch.get(question, default) for switch in [*SWITCHES, *FRAMEWORKS]}
        assert reached == set(choices(question)), question
    reached = {one for switch in [*SWITCHES, *FRAMEWORKS] for one in switch.get("targets", [])}
    assert reached == set(choices("targets"))


def test_update_needs_no_trust(template: Path, tmp_path: Path) -> None:
    run_copy(str(template), tmp_path / "project", defaults=True, quiet=True, unsafe=False)
    assert (tmp_path / "project/README.md").exists()


HOOK = '["{{ _copier_python }}", "{{ _copier_conf.src_path }}/hooks/%s.py", %s]'
SCORES = "src/{{ package }}/toolkit/evaluation/"
LICENSES = "template/_part/licenses"
MOVED = {"report.py": "pages.py", "errors.py": "mistakes.py"}
MOVES = ", ".join(f'"{SCORES}{name}"' for pair in MOVED.items() for name in pair)
MIGRATIONS = f"""
_migrations:
  - version: 1.1.0
    when: "{{{{ _stage == 'before' }}}}"
    command: {HOOK % ("rename", "author, owner")}
  - version: 1.1.0
    when: "{{{{ _stage == 'before' }}}}"
    command: {HOOK % ("rename", "license, MIT, Expat")}
  - version: 1.1.0
    command: {HOOK % ("move", MOVES)}
"""


def _release(template: Path) -> None:
    """Create a version that renames a question, an answer and two files."""
    questions = template / "copier.yml"
    edit(questions, "\nauthor:", "\nowner:")
    edit(questions, "if not author |", "if not owner |")
    edit(questions, "MIT\n  choices: [MIT,", "proprietary\n  choices: [Expat,")
    questions.write_text(questions.read_text("utf-8") + MIGRATIONS, "utf-8")
    edit(template / "template/pyproject.toml.jinja", "author | to_json", "owner | to_json")
    edit(template / f"{LICENSES}/MIT.txt", "{{ author }}", "{{ owner }}")
    git(template, "mv", f"{LICENSES}/MIT.txt", f"{LICENSES}/Expat.txt")
    for old, new in MOVED.items():
        git(template, "mv", f"template/{SCORES}{old}", f"template/{SCORES}{new}")
    edit(template / f"template/{SCORES}pages.py", "import base64\n", "import base64 as b64\n")
    edit(template / f"template/{SCORES}mistakes.py", "MISTAKES = 50", "MISTAKES = 60")
    commit(template, "renamed")
    git(template, "tag", "1.1.0")


def test_migrations_carry_answers_and_edits_to_other_names(tmp_path: Path) -> None:
    template = snapshot(tmp_path / "template", "1.0.0")
    folder = project(template, tmp_path / "project", {"author": "Ann", "license": "MIT"})
    scores = folder / "src/my_model/toolkit/evaluation"
    edit(scores / "report.py", "def write(", "SEEN = 1\n\n\ndef write(")
    edit(scores / "errors.py", "MISTAKES = 50", "MISTAKES = 70")
    edits(folder)
    _release(template)
    before = git(folder, "rev-parse", "HEAD")
    with pytest.raises(UnsafeTemplateError, match=r"(?s)migrations.*--trust"):
        run_update(folder, defaults=True, overwrite=True, quiet=True)
    assert not git(folder, "status", "--short") and git(folder, "rev-parse", "HEAD") == before
    run_update(folder, defaults=True, overwrite=True, quiet=True, unsafe=True)
    answers = yaml.safe_load((folder / ".copier-answers.yml").read_text("utf-8"))
    assert answers["owner"] == "Ann" and answers["license"] == "Expat" and "author" not in answers
    assert "Copyright (c) Ann" in (folder / "LICENSE").read_text("utf-8")
    assert not (scores / "report.py").exists() and not (scores / "errors.py").exists()
    carried = (scores / "pages.py").read_text("utf-8")
    assert "SEEN = 1" in carried and "import base64 as b64" in carried and "<<<" not in carried
    both = (scores / "mistakes.py").read_text("utf-8")
    assert "<<<<<<< before updating\nMISTAKES = 70\n" in both and "MISTAKES = 60\n>>>>" in both
    assert conflicts(folder) == ["src/my_model/toolkit/evaluation/mistakes.py"] and not lost(folder)
    commit(folder, "updated")
    run_update(folder, data={"ci": "none"}, defaults=True, overwrite=True, quiet=True)  # no trust
