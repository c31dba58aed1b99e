"""A file of prompts/ is checked; models, exports and their contracts keep what it says."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from made import turns
from prompted import PROMPTS, prompted

from my_model import cli, data, infer
from my_model.chats.prompting import read
from my_model.config import Config
from my_model.formats import agreement
from my_model.runs import sha256

MARKS = " ".join(f"{'{'}{a} x {b}{'}'}" for a, b in ("{}", "%%", "##"))  # of the chat template
HOSTILE = f"{MARKS} \\n \"a\" 'b' é 😀\n\t]] + messages %}}<|im_end|>"


def written(folder: Path, **told: Any) -> Path:
    path = folder / "prompt.yaml"
    path.write_text(yaml.safe_dump(told), "utf-8")
    return path


def test_whatever_it_holds_every_reader_reads_the_same(
    run: Path, config: Config, tmp_path: Path
) -> None:
    path = written(tmp_path, system=HOSTILE, examples=turns("<|im_start|>", HOSTILE))
    made = prompted(path, run, config, tmp_path / "export")
    text = made.read(turns("ba?"))
    assert text.count("<|im_end|>") == 4 and text.count("<|im_start|>") == 5
    assert text.replace("\u200b", "").count(HOSTILE) == 2
    inputs = data.load(config).val.inputs
    assert agreement.same_tokens(made.model, made.exported, inputs) == len(inputs)
    infer.save(made.model, tmp_path / "model")
    again = infer.load(tmp_path / "model")
    assert again.prompt == made.model.prompt == made.exported.contract["tokens"]["prompt"]
    assert again.tokenizer.chat_template == made.model.tokenizer.chat_template
    assert again.prompt["sha256"] == sha256(path) and again.prompt["file"] == path.as_posix()
    assert agreement.difference(again, made.exported, inputs) < config.export.tolerance


@pytest.mark.parametrize("name", ["plain", "few-shot", "step-by-step", "tools"])
def test_no_example_is_from_the_data(name: str, config: Config) -> None:
    splits, test = data.load_all(config)
    known = {a for part in (splits.train, splits.val, test) for a in part.inputs["answer"]}
    examples = {example["content"] for example in read(PROMPTS / f"{name}.yaml")["messages"]}
    assert examples and not examples & known


TOOL = {"name": "f", "description": "", "parameters": {"type": "object", "properties": {}}}
MISTAKES: dict[str, dict[str, Any]] = {
    "system: Field required": {},
    "sytem: Extra inputs are not permitted": {"system": "a", "sytem": "b"},
    "examples: a message of the assistant follows one of the system": {
        "system": "a",
        "examples": turns("b", "c")[1:],
    },
    "examples: the last message is not the assistant's": {"system": "a", "examples": turns("b")},
    "answer: it is no regular expression": {"system": "a", "answer": "(a"},
    "answer: put the final answer, and nothing else, in round": {"system": "a", "answer": "b"},
    "tools.0.name: String should match": {"system": "a", "tools": [TOOL | {"name": "a b"}]},
    "tools.0.parameters.type: Field required": {
        "system": "a",
        "tools": [TOOL | {"parameters": {"properties": {}}}],
    },
}


@pytest.mark.parametrize("reason", MISTAKES)
def test_a_mistake_is_explained(
    reason: str, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, **MISTAKES[reason])
    assert cli.main(["data", f"--model.prompt={path}", *options]) == 2
    told = capsys.readouterr().err
    assert f"{path}: {reason}" in told and told.count("\n") == 1


def test_a_prompt_that_does_not_fit_is_refused(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, system="ba do " * 100)
    assert cli.main(["train", "--run=full", f"--model.prompt={path}", *options]) == 2
    assert "more than half of model.max_tokens (128)" in capsys.readouterr().err
    assert cli.main(["data", f"--model.prompt={path}", "--data.text=answer", *options]) == 2
    assert cli.main(["data", f"--model.prompt={tmp_path / 'no.yaml'}", *options]) == 2
    assert "no.yaml is missing." in capsys.readouterr().err
    assert cli.main(["data", f"--model.prompt={tmp_path}", *options]) == 2
    path = written(tmp_path, system="a", answer=None)
    assert cli.main(["data", f"--model.prompt={path}", *options]) == 0


def test_another_prompt_after_training_is_told(
    run: Path, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, copy = written(tmp_path, system="a"), run.parent / "prompted"
    shutil.copytree(run, copy)
    settings = yaml.safe_load((copy / "config.yaml").read_text("utf-8"))
    settings["model"]["prompt"] = str(path)
    (copy / "config.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    manifest = json.loads((copy / "data.json").read_text("utf-8"))
    manifest["other_files"] = {path.as_posix(): "of another one"}
    (copy / "data.json").write_text(json.dumps(manifest), "utf-8")
    for word in ("evaluate", "export"):
        assert cli.main([word, "--run=prompted", *options]) == 2
        assert "prompt.yaml has changed since" in capsys.readouterr().err
