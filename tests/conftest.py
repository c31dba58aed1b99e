"""What the tests share: the working tree as a template, and renders of it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import history
from render import snapshot, speed_up_copier


@pytest.fixture(scope="session", autouse=True)
def _fast_copier() -> None:
    speed_up_copier()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working tree as a tagged git repository."""
    return snapshot(tmp_path_factory.mktemp("espalier") / "template")


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history with commits tagged as if they were releases."""
    if not history.recorded():
        pytest.skip("a shallow clone has no history: git fetch --unshallow")
    return history.releases(tmp_path_factory.mktemp("history") / "template")
