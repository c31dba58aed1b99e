"""The C++ program is built, and answers as the model did when it was exported."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
JSON = [Path("/usr/include/nlohmann/json.hpp"), Path("/usr/local/include/nlohmann/json.hpp")]
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not any(path.exists() for path in JSON),
    reason="needs Linux and its package nlohmann-json3-dev",
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build, spec = tmp_path_factory.mktemp("build"), find_spec("executorch")
    assert spec and spec.submodule_search_locations
    prefix = f"-DCMAKE_PREFIX_PATH={spec.submodule_search_locations[0]}"
    source = ("-S", ROOT / "deploy/edge", "-B", build)
    _call("cmake", "-G", "Ninja", *source, prefix)
    _call("cmake", "--build", build)
    return build / "predict"


def test_it_answers_as_when_exported(program: Path, run: Path) -> None:
    assert "32 of 32 rows" in _call(program, run / "export/executorch", "--check")


def test_rows_come_as_lines(program: Path, run: Path) -> None:
    folder = run / "export/executorch"
    examples = json.loads((folder / "examples.json").read_text())
    rows = "".join(json.dumps(row) + "\n" for row in examples["rows"])
    answers = [json.loads(line) for line in _call(program, folder, rows=rows).splitlines()]
    labels = examples["labels"] or [None] * len(answers)
    assert [answer["label"] for answer in answers] == labels


def test_a_mistake_is_explained(program: Path, run: Path) -> None:
    for folder, rows, words in (
        ("nowhere", "{}\n", "nowhere/contract.json: no such file"),
        (run / "export/executorch", "{}\n", "the row has no column"),
    ):
        done = subprocess.run([program, folder], input=rows, capture_output=True, text=True)
        assert done.returncode == 2 and words in done.stderr


def _call(*command: str | Path, rows: str = "") -> str:
    done = subprocess.run(command, input=rows, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
