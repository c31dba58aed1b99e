"""`nox -s pin` moves to newer releases, and changes nothing on an error."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from render import ROOT, SOURCES

FILES = ("CHANGELOG.md", "tests/requirements.txt", "template/pyproject.toml.jinja")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
    for name in (*SOURCES, "tests", "CHANGELOG.md"):
        put = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        put(
            ROOT / name, tmp_path / name, **({"ignore": ignored} if put is not shutil.copy2 else {})
        )
    return tmp_path


def test_projects_resolve_what_a_day_had(copy: Path) -> None:
    before = {name: (copy / name).read_text("utf-8") for name in FILES}
    for day in ("2098-12-31", "2099-01-31"):
        assert _pin(copy, day).returncode == 0
    changes, tools, pinned = ((copy / name).read_text("utf-8") for name in FILES)
    assert 'exclude-newer = "2099-01-31T00:00:00Z"' in pinned
    assert changes.count("- Projects resolve releases of before 2099-01-31.\n") == 1
    assert len(changes.splitlines()) - len(before["CHANGELOG.md"].splitlines()) in (0, 1)
    names = [
        [line.partition("==")[0] for line in text.split()] for text in (tools, before[FILES[1]])
    ]
    assert names[0] == names[1] and tools.count("==") == len(names[0])


@pytest.mark.parametrize(
    ("day", "words"), {"1999-12-31": "use a later day", "soon": "not a date"}.items()
)
def test_a_wrong_day_moves_nothing(day: str, words: str, copy: Path) -> None:
    before = {name: (copy / name).read_bytes() for name in FILES}
    done = _pin(copy, day)
    assert done.returncode == 1 and words in done.stderr and done.stderr.count("\n") == 1
    assert {name: (copy / name).read_bytes() for name in FILES} == before


def _pin(folder: Path, day: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "tests/pin.py", day]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)
