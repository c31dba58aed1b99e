"""Mistakes get one sentence and exit code 2; help needs no framework."""

import subprocess
import sys
from pathlib import Path

import pytest

from my_model import cli
from my_model.settings.data import Data

COLUMN, OTHER = ["target"] * 2 if "target" in Data.model_fields else ["prompt", "text"]
MISTAKES = {
    "--evaluate.primry=x": "unknown option --evaluate.primry=x; did you mean --evaluate.primary?",
    "--seed=many": "--seed: Input should be a valid integer",
    f"--data.path=nowhere.csv --data.{OTHER}=y": "nowhere.csv: no such file; set data.path",
    f"--data.{COLUMN}=nothing": "has no 'nothing'; did you mean",
    "--config=nowhere.yaml": "nowhere.yaml: no such file",
}


@pytest.mark.parametrize("option", MISTAKES)
def test_a_mistake_is_explained(
    option: str, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = cli.main(["data", *options, *option.split()])
    except SystemExit as stop:  # argparse's own way out
        code = stop.code
    assert code == 2
    assert MISTAKES[option] in capsys.readouterr().err


def test_a_key_that_the_file_misspells(
    tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("seed: 1\ndata: {path: a.csv, pathh: z, " + OTHER + ": y}\n")
    assert cli.main(["data", *options, f"--config={path}"]) == 2
    assert "data.pathh: unknown key; did you mean data.path?" in capsys.readouterr().err


def test_help_imports_no_framework() -> None:
    code = (
        "import sys; from my_model import cli\n"
        "try: cli.main(['train', '--help'])\n"
        "except SystemExit: print({'numpy', 'pandas', 'sklearn', 'torch'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")
    assert "--evaluate.primary" in done.stdout
