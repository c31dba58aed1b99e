"""One folder an addition: a tracker and a target that nobody knows are laid into a copy."""

from pathlib import Path

import pytest
import yaml
from copier.errors import InteractiveSessionError

from edits import edit
from overlays import TEMPLATE
from render import commit, git, render, snapshot

TRACK = TEMPLATE / "{{ untracked }}/src/{{ package }}/track.py"
TRACKER = {
    "src/{{ package }}/track.py": TRACK.read_text("utf-8") + "\n# written into a diary\n",
    "tests/test_diary.py.jinja": "from {{ package }} import track\n\nassert track\n",
    "_part/readme.md": "## Diary\n\nThe {{ project_name }} keeps one.\n",
    "_part/train.toml": '    "diary>=1",\n',
}
TARGET = {
    "src/{{ package }}/balloon.py": '"""Send the model up."""\n\nBRACES = f"{{}}{1 + 1}"\n',
    "deploy/balloon/launch.yml": "when: ${{ weather }}\n",
    "tests/test_balloon.py.jinja": "from {{ package }}.balloon import BRACES\n\nassert BRACES\n",
    "{{ image }}/src/{{ package }}/camera.py": '"""Only pictures have one."""\n',
    "{{ tabular }}/_part/readme.md": "## Balloon\n\nIt carries tables.\n",
    "_part/command.md": "| `uv run {{ project_slug }} balloon` | send the model up |\n",
    "_part/config.yaml": "balloon:\n  height: 100\n",
    "_part/formats.yaml": "    - helium\n",
    "_part/dependencies.toml": '    "balloon>=2",\n',
    "_part/uv.toml": 'override-dependencies = ["helium"]\n',
    "_part/tree.md": "| `balloon.py` | send the model up |\n",
}


def _add(template: Path, name: str, files: dict[str, str], question: str, condition: str) -> None:
    """Lay a folder into the template, with its choice and its hidden answer: nothing else."""
    for file, text in files.items():
        path = template / f"template/{{{{ {name} }}}}" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    questions = template / "copier.yml"
    edit(questions, question, f"{question}\n    {name}: {name}")
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
    _add(template, "diary", TRACKER, "    nowhere: none", "tracker == 'diary'")
    assert not _changes(before, render(template, tmp_path / "without"))
    after = render(template, tmp_path / "after", {"tracker": "diary"})
    made = {"src/my_model/track.py", "tests/test_diary.py"}
    gone = {"tests/test_track.py"}  # of who writes none
    assert _changes(before, after) == {*made, *gone, "README.md", "pyproject.toml"}
    assert "a diary" in (after / "src/my_model/track.py").read_text("utf-8")
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
    made = {"src/my_model/balloon.py", "deploy/balloon/launch.yml", "tests/test_balloon.py"}
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


def test_two_overlays_that_write_one_file_end_the_render(tmp_path: Path) -> None:
    """But not with --overwrite: test_template.py finds such overlays, whatever is answered."""
    template = snapshot(tmp_path / "template")
    twice = {"src/{{ package }}/track.py": "OTHER = 1\n"}
    _add(
        template, "balloon", twice, '    "batch: files of any size": batch', "'balloon' in targets"
    )
    with pytest.raises(InteractiveSessionError, match="overwrite"):
        render(template, tmp_path / "project", {"targets": ["balloon"]})
