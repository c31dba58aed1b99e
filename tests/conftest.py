"""What the tests share: the working tree as a template, and renders of it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from render import hurry, snapshot


@pytest.fixture(scope="session", autouse=True)
def _hurry() -> None:
    hurry()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working tree as a tagged git repository."""
    return snapshot(tmp_path_factory.mktemp("espalier") / "template")
