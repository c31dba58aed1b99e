"""The same predictions from every kind of file, and nothing lost or doubled by an interruption."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made import HOSTILE

from my_model import cli, data
from my_model.config import Config
from my_model.formats import onnx_runtime
from my_model.texts.words import cleaned

COMMAND = "import sys; from my_model.cli import main; sys.exit(main())"


@pytest.fixture
def texts(run: Path, config: Config, tmp_path: Path) -> Path:
    """Held-out texts and odd ones, as CSV."""
    held_out = data.load_test(config).inputs["text"].head(150)
    odd = [text.translate({0: " ", 0xD800: "?"}).replace("\r", " ") for text in HOSTILE]
    frame = pd.DataFrame({"number": range(162), config.data.text: [*held_out, *odd]})
    frame.to_csv(tmp_path / "in.csv", index=False)
    return tmp_path / "in.csv"


def predict(source: Path, output: Path, options: list[str], chunk: int = 40) -> int:
    settings = ["--run=demo", f"--predict.chunk={chunk}", *options]
    return cli.main(["predict", str(source), str(output), *settings])


@pytest.mark.parametrize("kind", ["csv", "utf-16", "csv.gz", "jsonl", "parquet"])
@pytest.mark.parametrize("result", ["csv", "parquet"])
def test_every_kind_of_file_gives_what_the_model_says(
    kind: str, result: str, texts: Path, config: Config, run: Path, options: list[str]
) -> None:
    frame = pd.read_csv(texts, keep_default_na=False, dtype=str)
    source = texts.with_name(f"source.{kind}" if kind != "utf-16" else "source.csv")
    if kind == "parquet":
        frame.to_parquet(source, index=False)
    elif kind == "jsonl":
        frame.to_json(source, orient="records", lines=True)
    else:
        frame.to_csv(source, index=False, encoding="utf-8" if "csv" in kind else kind)
    output = texts.with_name(f"out.{result}")
    assert predict(source, output, options) == 0
    scored = pd.read_csv(output) if result == "csv" else pd.read_parquet(output)
    assert list(scored)[:3] == [*frame, "label"] and len(scored) == len(frame)
    filled = (frame[config.data.text].str.strip() != "").to_numpy()
    assert (scored["label"].notna() == filled).all() and (~filled).sum() == 2
    known = [*map(cleaned, frame[config.data.text][filled])]  # as training reads them
    predictions, labels = onnx_runtime.load(run / "export/onnx").decide({"text": known})
    assert scored["label"][filled].tolist() == labels.tolist()
    found = scored[filled].filter(like="probability").to_numpy()
    expected = predictions[:, 1:] if predictions.shape[1] == 2 else predictions
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_killed_run_goes_on_where_it_stopped(
    texts: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    pd.concat([pd.read_csv(texts)] * 20).to_csv(texts, index=False)
    whole, output = texts.with_name("whole.csv"), texts.with_name("out.csv")
    partial = texts.with_name("out.csv.partial")
    assert predict(texts, whole, options) == 0
    words = ["predict", str(texts), str(output), "--run=demo", "--predict.chunk=40", *options]
    process = subprocess.Popen([sys.executable, "-c", COMMAND, *words], stderr=subprocess.DEVNULL)
    while not list(partial.glob("00000[3-9]*")) and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert partial.exists() and not output.exists()
    assert predict(texts, output, options) == 0
    assert "Going on with the finished chunks" in capsys.readouterr().err
    assert output.read_bytes() == whole.read_bytes()


def test_columns_of_the_file_keep_their_names(
    texts: Path, config: Config, options: list[str], tmp_path: Path
) -> None:
    texts.write_text(f"{config.data.text},label,label_\nengine shut down,x,y\n")
    assert predict(texts, tmp_path / "out.csv", options) == 0
    (scored,) = pd.read_csv(tmp_path / "out.csv").to_dict("records")
    assert list(scored)[:4] == [config.data.text, "label", "label_", "label__"]
    assert (scored["label"], scored["label_"]) == ("x", "y")
    assert str(scored["label__"]) in {str(name) for name in data.load(config).schema.labels or []}


def test_mistakes_are_explained(
    texts: Path, config: Config, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    other = texts.with_name("other.csv")
    other.write_text("body,note\na,1\n")
    lists, frame = texts.with_name("lists.parquet"), pd.DataFrame({config.data.text: [["a", "b"]]})
    frame.to_parquet(lists)
    frame.to_json(lists.with_suffix(".jsonl"), orient="records", lines=True)
    for source, reason in (
        (texts.with_name("nothing.csv"), "no such file"),
        (other, f"has no '{config.data.text}'; did you mean"),
        (lists, "make each a text"),
        (lists.with_suffix(".jsonl"), "make each a text"),
    ):
        assert predict(source, texts.with_name("out.csv"), options) == 2
        assert reason in capsys.readouterr().err
    assert not texts.with_name("out.csv").exists()
