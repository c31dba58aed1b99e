"""The same predictions from every kind of file, and nothing lost or doubled by an interruption."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from my_model import batch, cli
from my_model.config import Config
from my_model.data import load, load_all
from my_model.formats import onnx_runtime
from my_model.tables.schema import canonical

COMMAND = "import sys; from my_model.cli import main; sys.exit(main())"


@pytest.fixture
def demo(config: Config, run: Path, tmp_path: Path) -> Path:
    """The demo data without its target, as CSV."""
    path = tmp_path / "in.csv"
    frame = pd.read_csv(config.data.path, dtype=str, keep_default_na=False)
    frame.drop(columns=config.data.target).to_csv(path, index=False)
    return path


def predict(source: Path, output: Path, options: list[str], chunk: int = 100) -> int:
    settings = ["--run=demo", f"--predict.chunk={chunk}", *options]
    return cli.main(["predict", str(source), str(output), *settings])


@pytest.mark.parametrize("kind", ["csv", "tsv", "CSV", "csv.gz", "jsonl", "parquet"])
@pytest.mark.parametrize("result", ["csv", "parquet"])
def test_every_kind_of_file_gives_what_the_model_says(
    kind: str, result: str, demo: Path, config: Config, run: Path, options: list[str]
) -> None:
    frame = pd.read_csv(demo, na_values=config.data.missing, keep_default_na=False)
    source, output = demo.with_name(f"source.{kind}"), demo.with_name(f"out.{result}")
    if kind == "parquet":
        frame.to_parquet(source, index=False)
    elif kind == "jsonl":
        source.write_text(frame.to_json(orient="records", lines=True) + "\n", "utf-8")
    else:
        frame.to_csv(source, index=False, sep="\t" if kind == "tsv" else ",")
    assert predict(source, output, options) == 0
    scored = pd.read_csv(output) if result == "csv" else pd.read_parquet(output)
    assert list(scored)[: frame.shape[1]] == list(frame)
    model = onnx_runtime.load(run / "export/onnx")
    predictions, labels = model.decide(canonical(frame, load(config).schema.columns))
    if labels is None:
        np.testing.assert_allclose(scored["value"], predictions, rtol=1e-6)
    else:
        positive = load(config).schema.labels[-1]
        np.testing.assert_allclose(scored[f"probability_{positive}"], predictions[:, 1], atol=1e-6)
        assert list(scored["label"]) == list(labels)


@pytest.mark.parametrize("result", ["csv", "parquet"])
def test_a_killed_run_goes_on_where_it_stopped(
    result: str, demo: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    header, *lines = demo.read_text(encoding="utf-8").splitlines(keepends=True)
    demo.write_text(header + "".join(lines * (4000 // len(lines))), encoding="utf-8")
    whole, output = demo.with_name(f"whole.{result}"), demo.with_name(f"out.{result}")
    partial = demo.with_name(f"out.{result}.partial")
    assert predict(demo, whole, options) == 0
    words = ["predict", str(demo), str(output), "--run=demo", "--predict.chunk=100", *options]
    process = subprocess.Popen([sys.executable, "-c", COMMAND, *words], stderr=subprocess.DEVNULL)
    while not list(partial.glob("00000[3-9]*")) and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert partial.exists() and not output.exists()
    assert predict(demo, output, options) == 0
    assert "Going on with the finished chunks" in capsys.readouterr().err
    assert output.read_bytes() == whole.read_bytes()
    assert {path.name for path in demo.parent.iterdir()} == {"in.csv", whole.name, output.name}


def test_another_input_starts_over(
    demo: Path,
    options: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stop(*_: object) -> Path:
        raise KeyboardInterrupt

    output = demo.with_name("out.csv")
    with monkeypatch.context() as patch:
        patch.setattr(batch, "_join", stop)
        assert predict(demo, output, options) == 130
    lines = demo.read_text(encoding="utf-8").splitlines(keepends=True)
    demo.write_text("".join(lines[:-50]), encoding="utf-8")
    assert predict(demo, output, options) == 0
    assert "The input changed: starting over." in capsys.readouterr().err
    assert len(pd.read_csv(output)) == len(lines) - 51


def test_the_file_that_was_trained_on_gets_the_answers_of_the_model(
    config: Config, run: Path, options: list[str], tmp_path: Path
) -> None:
    output = tmp_path / "out.parquet"
    assert predict(config.data.path, output, options) == 0
    scored = pd.read_parquet(output)
    splits, test = load_all(config)
    for part in (splits.train, splits.val, test):
        expected, _ = onnx_runtime.load(run / "export/onnx").decide(part.inputs)
        rows = scored.iloc[part.inputs.index]
        last = rows.iloc[:, -1].to_numpy()  # the value, or the last label's probability
        # Kernels add in another order where a chunk has another length: a step or two of float32.
        np.testing.assert_allclose(last, expected.reshape(len(rows), -1)[:, -1], rtol=1e-6)


def test_unseen_categories_are_counted_told_and_refused(
    demo: Path, run: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    columns = onnx_runtime.load(run / "export/onnx").contract["inputs"]
    name = next(each["name"] for each in columns if each.get("categories"))
    frame = pd.read_csv(demo, dtype=str, keep_default_na=False)
    output = demo.with_name("out.csv")
    for share, code in {0.04: 0, 0.2: 0, 0.9: 2}.items():
        strange = frame[name].where(np.arange(len(frame)) >= share * len(frame), "never seen")
        frame.assign(**{name: strange}).to_csv(demo, index=False)
        assert predict(demo, output, options) == code
        told = "".join(capsys.readouterr())
        assert (f"column {name!r}" in told) == (share > 0.05), told
        assert output.exists() == (code == 0)
        output.unlink(missing_ok=True)
    assert predict(demo, output, [*options, "--allow-unseen"]) == 0


def test_a_run_without_an_export_is_told(
    demo: Path, run: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    bare = shutil.copytree(run, run.with_name("bare"), ignore=shutil.ignore_patterns("export"))
    words = ["predict", str(demo), str(demo.with_name("out.csv")), "--run=bare", *options]
    assert cli.main(words) == 2
    assert "holds no exported model: run `export` first" in capsys.readouterr().err
    assert [path.name for path in demo.parent.iterdir()] == ["in.csv"]
    shutil.rmtree(bare)


def test_columns_of_any_name_are_kept(demo: Path, options: list[str]) -> None:
    frame = pd.read_csv(demo, dtype=str, keep_default_na=False)
    frame.assign(value="own", label="own").to_csv(demo, index=False)
    assert predict(demo, demo.with_name("out.csv"), options) == 0
    scored = pd.read_csv(demo.with_name("out.csv"))
    assert {*scored["value"], *scored["label"]} == {"own"}
    assert {"value_", "label_"} & {*scored}


def test_a_mistake_names_file_column_and_row(
    demo: Path, run: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    columns = onnx_runtime.load(run / "export/onnx").contract["inputs"]
    number = next(column["name"] for column in columns if column["type"] == "number")
    frame = pd.read_csv(demo, dtype=str, keep_default_na=False)
    mistakes = {
        f"column {number!r}, row 251: 'fast' is not a number": frame.assign(
            **{number: frame[number].where(frame.index != 250, "fast")}
        ),
        f"no column {number!r}": frame.drop(columns=number),
    }
    for message, table in mistakes.items():
        table.to_csv(demo, index=False)
        assert predict(demo, demo.with_name("out.csv"), options) == 2
        error = capsys.readouterr().err
        assert str(demo) in error and message in error
        assert [path.name for path in demo.parent.iterdir()] == ["in.csv"]
