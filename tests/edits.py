"""Edits of users to a project, and checks that they are still there."""

import ast
from pathlib import Path
from typing import Any

from render import commit, git, render

OWN_MODULE = '"""A module of the user\'s own."""\n\nANSWER = 42\n'
OWN_TEST = "from my_model.own import ANSWER\n\n\ndef test_own():\n    assert ANSWER == 42\n"
LINE = "    print(len(splits.train.ids))\n"
HOOK = """\
      - id: private-keys
        name: no private key
        language: system
        entry: uv run --only-group dev detect-private-key
        types: [text]
"""
CHANGED = {
    "config.yaml": ("seed: 0", "seed: 7"),
    "pyproject.toml": ('    "pyyaml>=6.0",\n', '    "pyyaml>=6.0",\n    "rich>=14",\n'),
    "README.md": ("Then open `report.html` in", "Then show your neighbour `report.html` in"),
}
CODE = ("train.py", "fit"), ("evaluate.py", "evaluate")


def project(
    template: Path,
    folder: Path,
    answers: dict[str, Any] | None = None,
    version: str | None = None,
) -> Path:
    """Render a project, of the newest version or another, and put it under git."""
    render(template, folder, answers, version)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "rendered")
    return folder


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that occurs once."""
    text = path.read_text("utf-8")
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new), "utf-8")


def edits(folder: Path) -> None:
    """Change a setting, a paragraph and two functions, add a dependency, a hook and own files."""
    for name, (old, new) in CHANGED.items():
        edit(folder / name, old, new)
    for name, function in CODE:
        _begin_with(folder / "src/my_model" / name, function, LINE)
    with (folder / ".pre-commit-config.yaml").open("a", encoding="utf-8") as file:
        file.write(HOOK)
    (folder / "src/my_model/own.py").write_text(OWN_MODULE, "utf-8")
    (folder / "tests/test_own.py").write_text(OWN_TEST, "utf-8")
    commit(folder, "edited")


def _begin_with(path: Path, function: str, line: str) -> None:
    """Put a line before the first statement of a function, after its docstring."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    (body,) = (
        node.body
        for node in ast.parse("".join(lines)).body
        if isinstance(node, ast.FunctionDef) and node.name == function
    )
    lines.insert(body[1].lineno - 1, line)
    path.write_text("".join(lines), "utf-8")


def edited() -> dict[str, str]:
    """Return the text that each edited file has to contain."""
    return {
        **{name: new for name, (_, new) in CHANGED.items()},
        **{f"src/my_model/{name}": LINE for name, _ in CODE},
        ".pre-commit-config.yaml": HOOK,
        "src/my_model/own.py": OWN_MODULE,
        "tests/test_own.py": OWN_TEST,
    }


def lost(folder: Path) -> list[str]:
    """Return the edited files that lost their edit."""
    return [
        name for name, text in edited().items() if text not in (folder / name).read_text("utf-8")
    ]


def conflicts(folder: Path) -> list[str]:
    """Return the files with conflict markers, and .rej files."""
    marked = [name for name, text in files(folder).items() if b"<<<<<<< " in text]
    return marked + [str(path.relative_to(folder)) for path in folder.rglob("*.rej")]


def files(folder: Path) -> dict[str, bytes]:
    """Return the files that git does not ignore."""
    names = git(folder, "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
