"""The server answers as the exported model does, however pictures are sent."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
from api_client import ask, serving

from my_model import data
from my_model.config import Config
from my_model.formats import contract, onnx_runtime


def send(port: int, file: Path) -> dict[str, Any]:
    """Send a picture as it is."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/predict", file.read_bytes(), {"Content-Type": "image/png"})
    return json.loads(connection.getresponse().read())


def test_answers_are_those_of_the_exported_model(run: Path, config: Config) -> None:
    inputs = data.load_test(config).inputs.head(60)
    files = [Path(file) for file in inputs["file"]]
    expected, labels = onnx_runtime.load(run / "export/onnx").decide(inputs)
    rows = [{"image": base64.b64encode(file.read_bytes()).decode()} for file in files]
    with serving(run, config) as port, ThreadPoolExecutor(16) as pool:
        _, many = ask(port, rows)
        single = list(pool.map(lambda file: send(port, file), files))
    for answers in (many, single):
        found = [[*answer["probabilities"].values()] for answer in answers]
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
        assert [answer["label"] for answer in answers] == labels.tolist()


def test_the_page_offers_files_and_the_log_keeps_no_pixels(
    run: Path, config: Config, tmp_path: Path
) -> None:
    file = Path(data.load_test(config).inputs["file"].iloc[0])
    log = tmp_path / "requests.jsonl"
    with serving(run, config, request_log=log) as port:
        send(port, file)
        document = ask(port, path="/openapi.json")[1]
    content = document["paths"]["/predict"]["post"]["requestBody"]["content"]
    assert next(iter(content)) == "multipart/form-data"
    line = json.loads(log.read_text())
    told = contract.described(contract.load(run / "export/onnx"))
    assert list(line["inputs"]) == [each["name"] for each in told] and len(log.read_text()) < 1000
