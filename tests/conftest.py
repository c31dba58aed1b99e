"""What the tests share: the working tree as a template, and renders of it."""

import sys
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment

sys.path.insert(0, str(Path(__file__).parent))

from render import snapshot


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> None:
    """Compile each text once: Copier does it for each render, which is half of its time."""
    compile_, known = Environment.compile, {}

    def compiled(self: Environment, source: Any, *words: Any, **options: Any) -> Any:
        key = (source, words, *options.items(), self.undefined, self.keep_trailing_newline)
        if key not in known:
            known[key] = compile_(self, source, *words, **options)
        return known[key]

    Environment.compile = compiled


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working tree as a tagged git repository."""
    return snapshot(tmp_path_factory.mktemp("espalier") / "template")
