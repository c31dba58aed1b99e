"""The graph answers as the model does, whatever the text, and needs no training library."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made import HOSTILE
from transformers import pipeline

from my_model import data, infer
from my_model.config import Config
from my_model.formats import onnx_runtime
from my_model.library import learn

SPECIAL = ["[CLS] [SEP] [PAD] [UNK] [MASK]", "[PAD]", "a [SEP] b"]


@pytest.fixture(scope="module")
def texts(config: Config) -> pd.DataFrame:
    known = data.load(config).val.inputs["text"]
    long = " ".join(known)
    return pd.DataFrame({"text": [*known.head(100), *HOSTILE, *SPECIAL, long]}, dtype=object)


@pytest.mark.parametrize("batch", [1, 2, 64])
def test_every_text_is_answered_alike(batch: int, run: Path, texts: pd.DataFrame) -> None:
    """However many come together: the longest decides how far the others are filled up."""
    expected = infer.predict(infer.load(run / "model"), texts)
    exported = onnx_runtime.load(run / "export/onnx")
    parts = [exported.decide(texts.iloc[n : n + batch]) for n in range(0, len(texts), batch)]
    predictions, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
    np.testing.assert_allclose(predictions, expected, atol=1e-5)
    outputs = exported.contract["outputs"]
    decided = expected[:, 1] >= outputs["threshold"]
    near = np.abs(expected[:, 1] - outputs["threshold"]) < 1e-5
    assert (near | (np.array(outputs["labels"])[decided.astype(int)] == labels)).all()


def test_transformers_own_pipeline_says_the_same(run: Path, texts: pd.DataFrame) -> None:
    expected = infer.predict(infer.load(run / "model"), texts.head(20))
    classify = pipeline("text-classification", str(run / "model"), top_k=None, device="cpu")
    for scores, row in zip(classify(texts["text"].tolist()[:20]), expected, strict=True):
        told = {score["label"]: score["score"] for score in scores}
        labels = onnx_runtime.load(run / "export/onnx").contract["outputs"]["labels"] or []
        np.testing.assert_allclose([told[label] for label in labels], row, atol=1e-5)


def test_a_client_in_any_language_finds_what_it_has_to_do(run: Path) -> None:
    contract = json.loads((run / "export/onnx/contract.json").read_text("utf-8"))
    exported = onnx_runtime.load(run / "export/onnx")
    told = {i.name: f"{i.type} {len(i.shape)}" for i in exported.session.get_inputs()}
    assert told == {"ids": "tensor(int64) 2"} and [*contract["tokens"]["inputs"]] == ["ids"]
    assert {contract["model"], contract["tokens"]["file"]} == {*contract["sha256"]}
    examples = json.loads((run / "export/onnx/examples.json").read_text("utf-8"))
    given = {"text": [row["text"] for row in examples["rows"]]}
    np.testing.assert_allclose(exported(given), examples["predictions"], atol=1e-6)


def test_a_tokenizer_is_learnt_from_what_is_frequent(texts: pd.DataFrame) -> None:
    one, other = (learn(texts["text"][:100].tolist(), 400) for _ in range(2))
    assert one.to_str() == other.to_str()
    assert one.get_vocab_size() <= 400
    assert one.encode("Qq").tokens[0] == "[CLS]" and one.encode("").tokens == ["[CLS]", "[SEP]"]


def test_the_runtime_imports_no_training_library() -> None:
    code = "import sys, tokenizers, my_model.formats.onnx_runtime; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"pandas", "sklearn", "scipy", "onnx", "torch", "transformers"}
    assert not heavy & set(loaded.stdout.split())
