"""The server answers as the exported model does, and remembers no words."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from api_client import ask, serving
from made import HOSTILE

from my_model import data
from my_model.config import Config
from my_model.formats import contract, onnx_runtime
from my_model.texts.words import cleaned


def test_answers_are_those_of_the_exported_model(run: Path, config: Config) -> None:
    texts = [*data.load_test(config).inputs["text"].head(60), *HOSTILE[2:-1]]
    known = [*map(cleaned, texts)]  # as training reads them
    expected, labels = onnx_runtime.load(run / "export/onnx").decide({"text": known})
    rows = [{"text": text} for text in texts]
    with serving(run, config) as port, ThreadPoolExecutor(16) as pool:
        _, many = ask(port, rows)
        single = [answer for _, answer in pool.map(lambda row: ask(port, row), rows)]
    for answers in (many, single):
        found = [[*answer["probabilities"].values()] for answer in answers]
        np.testing.assert_allclose(found, expected, atol=1e-6)
        assert [answer["label"] for answer in answers] == labels.tolist()


def test_the_log_keeps_properties_and_no_words(run: Path, config: Config, tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    with serving(run, config, request_log=log) as port:
        assert ask(port, {"text": "My name is SECRET 007"})[0] == 200
    line = json.loads(log.read_text())
    told = contract.described(contract.load(run / "export/onnx"))
    assert list(line["inputs"]) == [each["name"] for each in told]
    assert line["inputs"]["characters"] == 21 and "SECRET" not in log.read_text()
