"""Changes by users: another project name, answers edited by hand, `pip install .`, archives."""

import re
import shlex
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy, run_update

import edits
from render import commit, git

ANSWERS = ".copier-answers.yml"
NAMES = {
    "churn-model": "churn-model",
    "2024 fraud.v2": "fraud-v2",
    "class": "My Model",  # a word of Python
    "2024": "My Model",
}


@pytest.mark.parametrize("folder", NAMES)
def test_a_project_is_called_as_its_folder(folder: str, template: Path, tmp_path: Path) -> None:
    run_copy(str(template), tmp_path / folder, defaults=True, quiet=True)
    answers = yaml.safe_load((tmp_path / folder / ANSWERS).read_text("utf-8"))
    assert answers["project_name"] == NAMES[folder]
    package = NAMES[folder].lower().replace(" ", "_").replace("-", "_")
    assert (tmp_path / folder / "src" / package / "cli.py").exists()


def _refusal(folder: Path, answers: dict[str, Any] | None = None) -> str:
    """Return the message of an update that stops before it writes anything."""
    with pytest.raises(ValueError, match="project_name") as refused:
        run_update(folder, data=answers or {}, defaults=True, overwrite=True, quiet=True)
    assert not git(folder, "status", "--short")
    return " ".join(str(refused.value).split())


def _edited(template: Path, tmp_path: Path, answers: dict[str, Any] | None = None) -> Path:
    folder = edits.project(template, tmp_path / "project", answers)
    edits.edits(folder)
    return folder


@pytest.mark.parametrize("moved", [False, True], ids=["by command", "moved by hand"])
def test_another_name_is_given_by_the_command_that_an_update_prints(
    moved: bool, template: Path, tmp_path: Path
) -> None:
    folder = _edited(template, tmp_path)
    if moved:
        git(folder, "mv", "src/my_model", "src/fraud_watch")
        commit(folder, "moved")
        assert 'project_name="NEW NAME"' in _refusal(folder)
    (command,) = re.findall(
        r"`(.*git grep .*?)`", _refusal(folder, {"project_name": "Fraud Watch"})
    )
    assert ("git mv" in command) != moved
    subprocess.run(["bash", "-c", command], cwd=folder, check=True)
    commit(folder, "renamed")
    names = set(git(folder, "ls-files").splitlines())
    assert "src/fraud_watch/own.py" in names and not [n for n in names if "my_model" in n]
    expected = edits.files(
        edits.project(template, tmp_path / "expected", {"project_name": "Fraud Watch"})
    )
    changed = {name for name, text in edits.files(folder).items() if expected.get(name) != text}
    own = {name.replace("my_model", "fraud_watch") for name in edits.edited()}
    assert changed == own
    if moved:
        return
    run_update(folder, data={"tracker": "mlflow"}, defaults=True, overwrite=True, quiet=True)
    assert not edits.conflicts(folder) and not (folder / "src/my_model").exists()
    assert "mlflow" in (folder / "src/fraud_watch/tracking.py").read_text("utf-8")
    train = (folder / "src/fraud_watch/train.py").read_text("utf-8")
    assert edits.LINE in train and (folder / "src/fraud_watch/own.py").exists()


@pytest.mark.parametrize(
    ("old", "new", "answers"),
    [("framework: sklearn", "framework: pytorch", {}), ("license: MIT\n", "", {"ci": "none"})],
    ids=["changed", "deleted"],
)
def test_answers_changed_by_hand_are_noticed(
    old: str, new: str, answers: dict[str, Any], template: Path, tmp_path: Path
) -> None:
    folder = edits.project(template, tmp_path / "project")
    edits.edit(folder / ANSWERS, old, new)
    commit(folder, "by hand")
    refusal = _refusal(folder, answers)
    assert "changed by hand" in refusal and "copier update -d question=answer" in refusal
    text = (folder / ANSWERS).read_text("utf-8")
    assert "copier update -d question=answer" in text.splitlines()[0]
    (folder / ANSWERS).write_text(re.sub("fingerprint.*\n", "", text), "utf-8")
    commit(folder, "meant so")
    run_update(folder, data=answers, defaults=True, overwrite=True, quiet=True)
    assert f" M {ANSWERS}" in git(folder, "status", "--short")


def test_without_answers_an_update_says_so_and_changes_nothing(
    template: Path, tmp_path: Path
) -> None:
    folder = _edited(template, tmp_path)
    (folder / ANSWERS).unlink()
    commit(folder, "deleted")
    with pytest.raises(TypeError, match="Template not found"):
        run_update(folder, defaults=True, overwrite=True, quiet=True)
    assert not git(folder, "status", "--short")
    readme = (folder / "README.md").read_text("utf-8")
    assert "Template not found" in readme and f"git checkout COMMIT -- {ANSWERS}" in readme


def test_a_stale_lock_is_refused(
    template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """By CI and the image; an update that makes a lock stale says what to run."""
    folder = edits.project(template, tmp_path / "project", {"ci": "gitlab"})
    _uv(folder, "lock", "--quiet")
    commit(folder, "locked")
    ci = yaml.safe_load((folder / ".gitlab-ci.yml").read_text("utf-8"))["variables"]
    image = (folder / "deploy/api/Dockerfile").read_text("utf-8")
    syncs = [shlex.split(line)[1:] for line in image.splitlines() if line.startswith("RUN uv sync")]
    in_ci = ["env", f"UV_LOCKED={ci['UV_LOCKED']}", "uv", "export", "--quiet"]
    commands = [in_ci, *([*words, "--dry-run"] for words in syncs)]
    assert len(commands) == 3 and _codes(folder, commands) == [0, 0, 0]
    capfd.readouterr()
    run_update(folder, data={"tracker": "mlflow"}, defaults=True, overwrite=True)
    assert "run `uv lock`" in capfd.readouterr().err
    assert 0 not in _codes(folder, commands)
    _uv(folder, "lock", "--quiet")
    assert _codes(folder, commands) == [0, 0, 0]


def _codes(folder: Path, commands: list[list[str]]) -> list[int]:
    done = [subprocess.run(words, cwd=folder, capture_output=True) for words in commands]
    return [one.returncode for one in done]


def test_archives_hold_code_alone_and_commands_name_missing_groups(
    template: Path, tmp_path: Path
) -> None:
    folder = edits.project(template, tmp_path / "project")
    for name in (".env", "runs/first/config.yaml", "runs/latest", "data/raw/own.csv", "logs/a.log"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("secret", "utf-8")
    commit(folder, "with data")
    assert not git(folder, "ls-files", ".env", "runs", "logs")
    _uv(folder, "build", "--quiet", "--out-dir", str(tmp_path))
    (sdist,), (wheel,) = tmp_path.glob("*.tar.gz"), tmp_path.glob("*.whl")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    other = {name for name in names if not name.startswith("src/my_model/")}
    assert other == {"PKG-INFO", "README.md", "LICENSE", "pyproject.toml", ".gitignore"}
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert tops == {"my_model", "my_model-0.1.0.dist-info"}
    _uv(tmp_path, "venv", "--quiet", "--python", sys.executable, "bare")
    python = str(tmp_path / "bare/bin/python")
    _uv(folder, "pip", "install", "--quiet", "--python", python, str(wheel))
    script = str(tmp_path / "bare/bin/my-model")
    for command in ("data", "serve", "predict a.csv b.csv", "monitor", "tune"):
        words = [script, *command.split()]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done
        assert "`pip install --group api --group batch --group train`" in done.stderr
    for command in ("runs", "--help"):
        assert subprocess.run([script, command], cwd=folder, capture_output=True).returncode == 0


def _uv(folder: Path, *words: str) -> None:
    done = subprocess.run(["uv", *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
