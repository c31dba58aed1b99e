"""Render the working tree with uncommitted changes: `python render.py FOLDER [name=value …]`."""

import copy
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from copier import _template, run_copy
from copier._main import Worker
from jinja2 import Environment

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("copier.yml", "template", "hooks")


def snapshot(folder: Path, tag: str = "1.0.0") -> Path:
    """Copy what a user's Copier would see into a tagged git repository."""
    folder.mkdir(parents=True)
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*_cache")
            )
        else:
            shutil.copy2(source, folder / name)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, tag)
    git(folder, "tag", tag)
    return folder


def git(folder: Path, *words: str) -> str:
    """Run git in a folder, as a generic user."""
    person = ("-c", "user.name=Tester", "-c", "user.email=tester@example.com")
    command = ["git", *person, *words]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def commit(folder: Path, message: str) -> None:
    """Commit everything in the folder."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)


def render(
    template: Path,
    folder: Path,
    answers: Mapping[str, Any] | None = None,
    version: str | None = None,
) -> Path:
    """Render with defaults and these answers, without trusting the template.

    The name does not depend on the folder, which is arbitrary in tests.
    """
    given = {"project_name": "My Model"} | dict(answers or {})
    run_copy(str(template), folder, given, vcs_ref=version, defaults=True, quiet=True)
    return folder


def interpreter(folder: Path) -> dict[str, str] | None:
    """Return the variables by which uv takes a Python that is new enough for a project.

    That is the one that runs the tests, or else another of this machine, pyenv's included, whose
    shims fail for versions that are switched off. None: there is none, and nothing is downloaded.
    """
    settings = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    needed = settings["requires-python"]
    if sys.version_info[:2] >= tuple(map(int, needed.removeprefix(">=").split("."))):
        return {}
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    places = [*map(str, sorted(pyenv.glob("versions/*/bin"))), os.environ["PATH"]]
    env = os.environ | {"PATH": os.pathsep.join(places)}
    env.pop("UV_PYTHON", None)
    command = ["uv", "python", "find", "--no-project", "--no-python-downloads", needed]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    return {"UV_PYTHON": done.stdout.strip()} if done.returncode == 0 else None


def speed_up_copier() -> None:
    """Cache what Copier repeats in every render, which takes two thirds of the time.

    Copier compiles texts and reads questions for each render, collects answers for each file name,
    and checks with git for each file whether file modes are ignored, as on Windows.
    """
    load, read = _template.load_template_config, dict[bytes, Any]()

    def loaded(path: Path, quiet: bool = False) -> Any:
        text = path.read_bytes()
        if text not in read:
            read[text] = load(path, quiet)
        return copy.deepcopy(read[text])

    _template.load_template_config = loaded
    compile_, known = Environment.compile, {}

    def compiled(self: Environment, source: Any, *words: Any, **options: Any) -> Any:
        name = words[:1]  # not the file, which is in another clone each time
        key = (source, name, *options.items(), self.undefined, self.keep_trailing_newline)
        if key not in known:
            known[key] = compile_(self, source, *words, **options)
        return known[key]

    Environment.compile = compiled
    Worker._sync_git_index_executable_bit = lambda *given: None
    render_template = Worker._render_template

    def rendered(self: Worker) -> None:
        context, file = self._render_context(), self.answers_relpath  # all answers are known here

        def known() -> dict[str, Any]:
            context["_copier_conf"]["answers_file"] = file  # which Copier sometimes removes
            return {**context}

        self.__dict__["_render_context"] = known
        render_template(self)
        del self.__dict__["_render_context"]

    Worker._render_template = rendered


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        answers = dict(word.split("=", 1) for word in sys.argv[2:])
        render(snapshot(Path(scratch) / "template"), Path(sys.argv[1]), answers)
