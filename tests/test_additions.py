"""One folder an addition: a tracker and a target that nobody knows are laid into a copy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from copier.errors import InteractiveSessionError

from edits import edit
from overlays import TEMPLATE
from render import commit, git, render, snapshot

TRACK = TEMPLATE / "{{ untracked }}/src/{{ package }}/tracking.py"
TRACKER = {
    "src/{{ package }}/tracking.py": TRACK.read_text("utf-8") + "\n# written into a diary\n",
    "tests/test_diary.py.jinja": "from {{ package }} import track\n\nassert track\n",
    "_part/readme.md": "## Diary\n\nThe {{ project_name }} keeps one.\n",
    "_part/train.toml": '    "diary>=1",\n',
}
COMMAND = '''\
"""Send the model up."""

import argparse

from ..balloon import BRACES
from ..config import Config
from ..toolkit.config import section
from ..toolkit.settings.common import Section

READS = ("export", "paths")


class Settings(Section):
    """Where to."""

    height: int = 100


def run(config: Config, args: argparse.Namespace) -> int:
    """Say how high it goes."""
    print(BRACES, section(config, Settings).height, config.export.formats)
    return 0
'''
EXPORT = "src/{{ package }}/toolkit/export"
TARGET = {
    "src/{{ package }}/balloon.py": '"""What a balloon is."""\n\nBRACES = f"{{}}{1 + 1}"\n',
    "src/{{ package }}/commands/balloon.py": COMMAND,
    f"{EXPORT}/helium.py": '"""Convert."""\n',
    f"{EXPORT}/helium_runtime.py": '"""Run."""\n',
    f"{EXPORT}/helium_tiny.py": '"""Shrink."""\n\n\ndef compress() -> None: ...\n',
    "deploy/balloon/launch.yml": "when: ${{ weather }}\n",
    "tests/test_balloon.py.jinja": "from {{ package }}.balloon import BRACES\n\nassert BRACES\n",
    "{{ image }}/src/{{ package }}/camera.py": '"""Only pictures have one."""\n',
    "{{ tabular }}/_part/readme.md": "## Balloon\n\nIt carries tables.\n",
    "_part/command.md": "| `uv run {{ project_slug }} balloon` | send the model up |\n",
    "_part/config.yaml": "balloon:\n  height: 100\n",
    "_part/formats.yaml": "    - helium\n",
    "_part/dependencies.toml": '    "balloon>=2",\n',
    "_part/uv.toml": 'override-dependencies = ["helium"]\n',
    "_part/modules.md": "| `balloon.py` | send the model up |\n",
}


def _add(
    template: Path,
    name: str,
    files: dict[str, str],
    question: str,
    condition: str,
    above: bool = False,
) -> None:
    """Lay a folder into the template, with its choice and its hidden answer: nothing else."""
    for file, text in files.items():
        path = template / f"template/{{{{ {name} }}}}" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    questions = template / "copier.yml"
    choice = f"    {name}: {name}"
    edit(questions, question, f"{choice}\n{question}" if above else f"{question}\n{choice}")
    hidden = f"{name}: {{<<: *overlay, default: \"{{{{ '.' if {condition} else '' }}}}\"}}\n"
    questions.write_text(questions.read_text("utf-8") + hidden, "utf-8")
    commit(template, name)
    git(template, "tag", "--force", "1.0.0")  # the newest tag is what renders


def _changes(before: Path, after: Path) -> set[str]:
    """Return the files that differ between two projects, but for what Copier writes down."""
    found = {
        path.relative_to(folder).as_posix()
        for folder in (before, after)
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".copier-answers.yml"
    }
    return {name for name in found if _bytes(before / name) != _bytes(after / name)}


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def test_a_tracker_is_a_folder(tmp_path: Path) -> None:
    template = snapshot(tmp_path / "template")
    before = render(template, tmp_path / "before")
    _add(template, "diary", TRACKER, "    no tracker: none", "tracker == 'diary'")
    assert not _changes(before, render(template, tmp_path / "without"))
    after = render(template, tmp_path / "after", {"tracker": "diary"})
    made = {"src/my_model/tracking.py", "tests/test_diary.py"}
    gone = {"tests/test_track.py"}  # of who writes none
    assert _changes(before, after) == {*made, *gone, "README.md", "pyproject.toml"}
    assert "a diary" in (after / "src/my_model/tracking.py").read_text("utf-8")
    assert "\n\n## Diary\n\nThe My Model keeps" in (after / "README.md").read_text("utf-8")
    assert '    "diary>=1",\n]\ndev' in (after / "pyproject.toml").read_text("utf-8")


def test_a_target_is_a_folder(tmp_path: Path) -> None:
    template = snapshot(tmp_path / "template")
    before = render(template, tmp_path / "before")
    _add(
        template, "balloon", TARGET, '    "batch: files of any size": batch', "'balloon' in targets"
    )
    assert not _changes(before, render(template, tmp_path / "without"))
    after = render(template, tmp_path / "after", {"targets": ["api", "batch", "balloon"]})
    formats = {f"src/my_model/toolkit/export/helium{end}.py" for end in ("", "_runtime", "_tiny")}
    made = {"src/my_model/balloon.py", "src/my_model/commands/balloon.py", *formats}
    made |= {"deploy/balloon/launch.yml", "tests/test_balloon.py"}
    assert _changes(before, after) == {*made, "README.md", "config.yaml", "pyproject.toml"}
    texts = {name: (after / name).read_text("utf-8") for name in _changes(before, after)}
    assert texts["src/my_model/balloon.py"] == TARGET["src/{{ package }}/balloon.py"]
    assert texts["deploy/balloon/launch.yml"] == TARGET["deploy/balloon/launch.yml"]
    assert texts["tests/test_balloon.py"].startswith("from my_model.balloon import")
    settings = yaml.safe_load(texts["config.yaml"])
    assert settings["balloon"] == {"height": 100}
    assert settings["export"]["formats"] == ["onnx", "helium"]
    assert 'balloon = [\n    "balloon>=2",\n]' in texts["pyproject.toml"]
    assert 'override-dependencies = ["helium"]' in texts["pyproject.toml"]
    assert "| `uv run my-model balloon` | send" in texts["README.md"]
    assert "\n\n## Balloon\n\nIt carries" in texts["README.md"]
    answers = {"task": "image-classification", "targets": ["balloon"]}
    pictures = render(template, tmp_path / "pictures", answers)
    assert (pictures / "src/my_model/camera.py").exists()
    assert "## Balloon" not in (pictures / "README.md").read_text("utf-8")


def test_the_command_and_the_formats_of_a_target_are_known(tmp_path: Path) -> None:
    """The command line needs what Copier needs: pydantic and YAML, so it runs here."""
    template = snapshot(tmp_path / "template")
    _add(
        template, "balloon", TARGET, '    "batch: files of any size": batch', "'balloon' in targets"
    )
    project = render(template, tmp_path / "project", {"targets": ["balloon"]})
    assert "balloon   Send the model up" in _run(project, "--help")
    output = _run(project, "balloon", "--balloon.height=7", "--export.formats=[helium-tiny]")
    assert output == "{}2 7 ['helium-tiny']\n"
    assert "--balloon.height VALUE" in _run(project, "balloon", "--help")
    assert "did you mean --balloon.height?" in _run(project, "balloon", "--balloon.hight=1", code=2)
    wrong = _run(project, "balloon", "--export.formats=[hydrogen]", code=2)
    assert "hydrogen is not one of helium, helium-tiny, onnx" in wrong


def _run(project: Path, *words: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "my_model", *words]
    env = os.environ | {"PYTHONPATH": str(project / "src")}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_a_framework_is_a_folder(tmp_path: Path) -> None:
    """A copy of scikit-learn's, under another name, makes the same project of a table."""
    template = snapshot(tmp_path / "template")
    before = render(template, tmp_path / "before")
    copied = template / "template/{{ sklearn }}"
    files = {
        path.relative_to(copied).as_posix(): path.read_text("utf-8")
        for path in copied.rglob("*")
        if path.is_file()
    }
    question = '    "scikit-learn, with LightGBM and XGBoost: trains in seconds; start here":'
    _add(template, "copycat", files, question, "framework == 'copycat'", above=True)
    assert not _changes(before, render(template, tmp_path / "without"))
    after = render(template, tmp_path / "after", {"framework": "copycat"})
    assert not _changes(before, after)


def test_two_overlays_that_write_one_file_end_the_render(tmp_path: Path) -> None:
    """But not with --overwrite: test_template.py finds such overlays for all answers."""
    template = snapshot(tmp_path / "template")
    twice = {"src/{{ package }}/tracking.py": "OTHER = 1\n"}
    _add(
        template, "balloon", twice, '    "batch: files of any size": batch', "'balloon' in targets"
    )
    with pytest.raises(InteractiveSessionError, match="overwrite"):
        render(template, tmp_path / "project", {"targets": ["balloon"]})
