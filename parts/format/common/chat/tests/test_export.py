"""The exported file says what the trained model says, what it takes, and can't be swapped."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from my_model import data, export, infer
from my_model.config import Config
from my_model.formats import gguf, gguf_runtime, measure
from my_model.model import Model, build
from my_model.runs import UserError, sha256
from my_model.tiny import learn


@pytest.fixture(scope="module")
def exported(run: Path) -> gguf_runtime.Predictor:
    """The file of the finished run."""
    return gguf_runtime.load(run / "export/gguf")


def test_the_answers_are_those_of_the_model(
    exported: gguf_runtime.Predictor, run: Path, config: Config
) -> None:
    """Matrices are rounded to 11 bits: on some machine, a near tie may turn out otherwise."""
    inputs = data.load_test(config).inputs.drop(columns="answer")
    expected = infer.predict(infer.load(run / "model"), inputs).tolist()
    said, labels = exported.decide(inputs)
    assert labels is None and len(said) == len(inputs)
    assert all(expected) and len(set(expected)) >= 3, "it says little, so this would show little"
    assert sum(a != b for a, b in zip(said, expected, strict=True)) <= 1
    messages = [json.loads(prompt) for prompt in inputs["prompt"]]
    assert exported({"messages": messages}).tolist() == said.tolist()


def test_a_text_goes_on_as_the_model_does(exported: gguf_runtime.Predictor, run: Path) -> None:
    """It is one message of the assistant; nothing at all begins a text."""
    chats = [[], [{"role": "assistant", "content": "Python is"}]]
    expected = infer.predict(
        infer.load(run / "model"), pd.DataFrame({"prompt": [json.dumps(chat) for chat in chats]})
    )
    assert [exported.answer(chat) for chat in chats] == expected.tolist()


def test_the_contract_is_the_file(run: Path, config: Config) -> None:
    folder = run / "export/gguf"
    contract = json.loads((folder / "contract.json").read_text())
    assert contract["sha256"] == {"model.gguf": sha256(folder / "model.gguf")}
    assert contract["model"] == "model.gguf" and contract["task"] == "text-generation"
    tokens, model = contract["tokens"], config.model
    assert [tokens[n] for n in ("max_tokens", "new_tokens")] == [model.max_tokens, model.new_tokens]
    assert [told["name"] for told in contract["inputs"]] == [*tokens["inputs"]] == ["messages"]
    reference = pd.read_parquet(folder / "reference-predictions.parquet")
    assert reference["__prediction__"].between(1, 200).all()
    assert set(reference) > {told["name"] for told in contract["properties"]}


def test_the_same_run_gives_the_same_bytes(run: Path, config: Config, tmp_path: Path) -> None:
    again = _export_again(run, config, tmp_path)
    names = [path.name for path in again.iterdir() if path.name != "measurements.json"]
    assert {"model.gguf", "contract.json", "parity.json"} < set(names)
    for name in names:
        assert (again / name).read_bytes() == (run / "export/gguf" / name).read_bytes()


def _other_weights(model: Model, config: Config) -> Model:
    return build(config, data.load(config))


def _other_tokens(model: Model, config: Config) -> Model:
    tokenizer = learn(data.load(config).train.inputs.head(5), 300)
    return replace(model, tokenizer=tokenizer)


@pytest.mark.parametrize(
    ("other", "reason"),
    [(_other_weights, "more or less from the exported file"), (_other_tokens, "other tokens")],
)
def test_a_model_that_differs_is_not_exported(
    other: Callable[[Model, Config], Model],
    reason: str,
    run: Path,
    config: Config,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    convert = gguf.convert

    def convert_another(model: Model, *others: object) -> None:
        convert(other(model, config), *others)

    monkeypatch.setattr(gguf, "convert", convert_another)
    with pytest.raises(UserError, match=f"{reason}.*nothing was exported"):
        _export_again(run, config, tmp_path)
    assert not list((tmp_path / "run/export").iterdir())


def _export_again(run: Path, config: Config, folder: Path) -> Path:
    copy = folder / "run"
    settings = config.export.model_copy(update={"formats": ["gguf"]})
    config = config.model_copy(update={"export": settings})
    shutil.copytree(run / "model", copy / "model")
    costs = json.loads((run / "export/gguf/measurements.json").read_text())
    assert all(cost["latency_ms"]["1"] > 0 for cost in costs.values())
    with pytest.MonkeyPatch.context() as patch:  # to measure once is enough
        patch.setattr(measure, "of_model", lambda *where: costs["model"])
        patch.setattr(measure, "of_export", lambda *where: costs["exported"])
        list(export.export(infer.load(copy / "model"), *data.load_all(config), None, config, copy))
    return copy / "export/gguf"


@pytest.mark.parametrize("damage", ["was changed", "is missing"])
def test_a_tampered_file_is_named(run: Path, tmp_path: Path, damage: str) -> None:
    shutil.copytree(run / "export/gguf", tmp_path, dirs_exist_ok=True)
    model = tmp_path / "model.gguf"
    model.unlink() if damage == "is missing" else model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(UserError, match=f"model.gguf {damage}"):
        gguf_runtime.load(tmp_path)
