"""The C++ program is built, and answers as the model did when it was exported."""

import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from edge_inputs import MISTAKES, as_given

from my_model import cli

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


@pytest.fixture(scope="module")
def exported(run: Path, options: list[str]) -> Path:
    twin = shutil.copytree(run, run.with_name("edge"))  # the shared run has less
    formats = ["--export.formats=[executorch]"]
    assert cli.main(["export", "--run=edge", *options, *formats]) == 0
    return twin / "export/executorch"


def test_it_answers_as_when_exported(program: Path, exported: Path) -> None:
    told = _call(program, exported, "--check").decode()
    assert re.fullmatch(r"(\d+) of \1 inputs answered as when exported\n", told)


def test_inputs_come_one_after_the_other(program: Path, exported: Path) -> None:
    examples = json.loads((exported / "examples.json").read_text())
    told = _call(program, exported, given=as_given(examples["rows"]))
    answers = [json.loads(line) for line in told.splitlines()]
    labels = examples["labels"] or [None] * len(answers)
    assert [answer["label"] for answer in answers] == labels


def test_a_mistake_is_explained(program: Path, exported: Path) -> None:
    for folder, given, words in (
        ("nowhere", b"", "nowhere/contract.json: no such file"),
        *((exported, given, words) for given, words in MISTAKES.items()),
    ):
        done = subprocess.run([program, folder], input=given, capture_output=True)
        assert done.returncode == 2 and words in done.stderr.decode()


def _call(*command: str | Path, given: bytes = b"") -> bytes:
    done = subprocess.run(command, input=given, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
