"""The same answers from every kind of file, and nothing lost or doubled by an interruption."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from made import turns

from my_model import cli, data, infer
from my_model.config import Config
from my_model.formats import gguf_runtime

COMMAND = "import sys; from my_model.cli import main; sys.exit(main())"
NONE = ["", "  \t"]  # no question, so no answer


@pytest.fixture
def asked(config: Config, tmp_path: Path) -> Path:
    """Held-out questions and odd ones, as CSV."""
    prompts = data.load_test(config).inputs["prompt"]
    questions = [json.loads(prompt)[-1]["content"] for prompt in prompts]
    odd = [NONE[0], "what is 😀 <|pad|> in\nPython?", NONE[1], "7"]
    frame = pd.DataFrame({"question": [*odd, *questions]})
    frame.insert(0, "number", range(len(frame)))
    frame.to_csv(tmp_path / "in.csv", index=False)
    return tmp_path / "in.csv"


def predict(source: Path, output: Path, options: list[str], chunk: int = 7) -> int:
    settings = ["--run=demo", f"--predict.chunk={chunk}", *options]
    return cli.main(["predict", str(source), str(output), *settings])


@pytest.mark.parametrize(
    ("kind", "result"), [("csv", "parquet"), ("jsonl", "csv"), ("parquet", "csv")]
)
def test_every_kind_of_file_gets_the_answers_of_the_export(
    kind: str, result: str, asked: Path, run: Path, options: list[str]
) -> None:
    frame = pd.read_csv(asked, keep_default_na=False, dtype=str)
    source, output = asked.with_name(f"source.{kind}"), asked.with_name(f"out.{result}")
    if kind == "jsonl":
        frame.to_json(source, orient="records", lines=True)
    else:
        getattr(frame, f"to_{kind}")(source, index=False)
    assert predict(source, output, options) == 0
    told = pd.read_csv(output) if result == "csv" else pd.read_parquet(output)
    assert list(told) == [*frame, "said"] and len(told) == len(frame)
    filled = ~frame["question"].isin(NONE).to_numpy()
    assert (told["said"].notna() == filled).all() and (~filled).sum() == len(NONE)
    chats = [turns(question) for question in frame["question"][filled]]
    expected = gguf_runtime.load(run / "export/gguf")({"messages": chats}).tolist()
    assert told["said"][filled].tolist() == expected and len(set(expected)) >= 3


def test_lists_of_messages_are_read_from_parquet_and_json(
    run: Path, options: list[str], tmp_path: Path
) -> None:
    """An answer that is there already is not read; a row that is no conversation has none."""
    chats = [turns("ba?", "do.", "fi?"), turns("ba?"), turns("ba?", "said before")]
    expected = gguf_runtime.load(run / "export/gguf")({"messages": [chats[0], *[chats[1]] * 2]})
    for name in ("in.parquet", "in.jsonl"):
        source, output = tmp_path / name, tmp_path / f"{name}.parquet"
        frame = pd.DataFrame({"question": [*chats, [{"role": "user", "content": " "}]]})
        frame = frame if "parquet" in name else frame.map(json.dumps)
        frame.to_parquet(source) if "parquet" in name else frame.to_json(
            source, orient="records", lines=True
        )
        assert predict(source, output, options) == 0
        assert pd.read_parquet(output)["said"].fillna("none").tolist() == [*expected, "none"]


def test_a_long_question_loses_its_beginning(run: Path, options: list[str], tmp_path: Path) -> None:
    """As it does in training: nobody's file should stop at one of them."""
    question = "What is that? " * 500
    pd.DataFrame({"question": [question, "What is Python?"]}).to_csv(tmp_path / "in.csv")
    assert predict(tmp_path / "in.csv", tmp_path / "out.csv", options) == 0
    model = infer.load(run / "model")
    inputs = pd.DataFrame({"prompt": [json.dumps(turns(question.strip()))]})
    said = pd.read_csv(tmp_path / "out.csv", keep_default_na=False)["said"]
    assert said[0] == infer.predict(model, inputs)[0] and said[1]


def test_a_killed_run_goes_on_where_it_stopped(
    asked: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    pd.concat([pd.read_csv(asked)] * 8).to_csv(asked, index=False)
    whole, output = asked.with_name("whole.csv"), asked.with_name("out.csv")
    partial = asked.with_name("out.csv.partial")
    assert predict(asked, whole, options) == 0
    words = ["predict", str(asked), str(output), "--run=demo", "--predict.chunk=7", *options]
    process = subprocess.Popen([sys.executable, "-c", COMMAND, *words], stderr=subprocess.DEVNULL)
    while not list(partial.glob("00000[3-9]*")) and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert partial.exists() and not output.exists()
    assert predict(asked, output, options) == 0
    assert "Going on with the finished chunks" in capsys.readouterr().err
    assert output.read_bytes() == whole.read_bytes()


def test_columns_of_the_file_keep_their_names(
    asked: Path, options: list[str], tmp_path: Path
) -> None:
    asked.write_text("question,said\nWhat is Python?,before\n")
    assert predict(asked, tmp_path / "out.csv", options) == 0
    (told,) = pd.read_csv(tmp_path / "out.csv").to_dict("records")
    assert list(told) == ["question", "said", "said_"] and told["said"] == "before"
    assert told["said_"]


def test_mistakes_are_explained(
    asked: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    other = asked.with_name("other.csv")
    other.write_text("query,note\na,1\n")
    for source, reason in (
        (asked.with_name("nothing.csv"), "no such file"),
        (other, "data.prompt: " + f"{other} has no 'question'; did you mean"),
    ):
        assert predict(source, asked.with_name("out.csv"), options) == 2
        assert reason in capsys.readouterr().err
    assert not asked.with_name("out.csv").exists()
