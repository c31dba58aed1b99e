"""Mistakes get one sentence and exit code 2; help needs no framework."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from my_model import cli
from my_model.config import DATA, Config, of_run
from my_model.runs import UserError
from my_model.settings.data import Data

COLUMN, OTHER = ["target"] * 2 if "target" in Data.model_fields else ["prompt", "text"]
MISTAKES = {
    "--evaluate.primry=x": "unknown option --evaluate.primry=x; did you mean --evaluate.primary?",
    "--seed=many": "--seed: Input should be a valid integer",
    "--monitor.ignore=[no]": "--monitor.ignore: Input should be a valid string (got False); put it",
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


def test_help_shows_what_a_command_reads(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["monitor", "--help"])
    shown = capsys.readouterr().out
    assert "--monitor.q" in shown and "--paths.runs" in shown
    assert "--seed" not in shown and "--model.name" not in shown


def test_a_run_is_compared_with_the_export_of_another(run: Path, options: list[str]) -> None:
    twin = shutil.copytree(run, run.with_name("twin"))
    assert cli.main(["evaluate", "--run=twin", "--against=demo", *options]) == 0
    details = json.loads((twin / "evaluation/details.json").read_text("utf-8"))
    assert details["gains"]["before"] == pytest.approx([0, 0], abs=0.01)
    shutil.rmtree(twin)


def test_runs_are_listed_the_newest_first(
    run: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    begun = run.with_name("begun")
    begun.mkdir()
    shutil.copy(run / "config.yaml", begun)
    (begun / "config.yaml").touch()
    capsys.readouterr()
    assert cli.main(["runs", *options]) == 0
    head, first, *others = capsys.readouterr().out.splitlines()
    assert head.startswith("run ") and first.split() == ["begun", "not", "evaluated"]
    (line,) = (other for other in others if other.startswith("demo "))
    metrics = json.loads((run / "metrics.json").read_text("utf-8"))
    name = metrics["primary"]
    low, high = metrics["interval"][name]
    assert f"{name} {metrics['metrics'][name]:.4g}  {low:.4g} to {high:.4g}" in line
    assert all(path.name in line for path in (run / "export").iterdir())
    assert cli.main(["runs", "--run=demo", *options]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    shutil.rmtree(begun)


def test_missing_groups_of_dependencies_are_named(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    groups = {"serve": ["no-such-package>=1"], "train": ["numpy>=2", "odd; sys_platform == 'odd'"]}
    lines = [f"{name} = {json.dumps(needs)}\n" for name, needs in groups.items()]
    path.write_text("[dependency-groups]\n" + "".join(lines), "utf-8")
    assert cli.missing_groups(path).endswith(
        "groups serve: `pip install --group serve` or `uv sync`"
    )
    path.write_text("[dependency-groups]\n" + lines[1], "utf-8")
    assert cli.missing_groups(path) == ""


@pytest.mark.parametrize(("error", "code"), [(UserError("no."), 2), (KeyboardInterrupt(), 130)])
def test_a_training_that_does_not_begin_leaves_what_was_there(
    error: BaseException, code: int, run: Path, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(*given: object) -> None:
        raise error

    monkeypatch.setattr("my_model.train.fit", end)
    before = _files(run.parent)
    for name in (["--run=demo"], []):
        assert cli.main(["train", *name, *options]) == code
        assert _files(run.parent) == before


def test_a_run_of_another_framework_keeps_its_exports(
    run: Path, options: list[str], config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = run.with_name("foreign")
    foreign.mkdir()
    told = yaml.safe_load((run / "config.yaml").read_text("utf-8")) | {"train": {"neurons": 9}}
    (foreign / "config.yaml").write_text(yaml.safe_dump(told), "utf-8")
    assert cli.main(["evaluate", "--run=foreign", *options]) == 2
    assert "train.neurons belongs to another framework" in capsys.readouterr().err
    assert of_run(config, "foreign", DATA)[1].data == of_run(config, "demo")[1].data
    assert cli.main(["evaluate", "--run=demo", "--against=foreign", *options]) == 2
    assert "name a run that has it" in capsys.readouterr().err
    shutil.rmtree(foreign)


def _files(folder: Path) -> dict[Path, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    # A tracker's process may still write to the log of the run that it first served.
    return {path: path.read_bytes() for path in paths if path.suffix != ".log"}
