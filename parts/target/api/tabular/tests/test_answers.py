"""The server answers as the exported model does."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from api_client import ask, serving

from my_model import data
from my_model.config import Config
from my_model.formats import contract, onnx_runtime
from my_model.tables.cells import example


def held_out(run: Path, config: Config, count: int) -> tuple[Any, list[dict]]:
    """Return rows as the model takes them, and as a client writes them."""
    inputs = data.load_test(config).inputs.head(count)
    rows: list[dict] = [{} for _ in range(count)]
    for column in contract.load(run / "export/onnx")["inputs"]:
        name, is_date = column["name"], column["type"] == "date"
        write = partial(example, column["format"]) if is_date else lambda value: value
        for row, value in zip(rows, inputs[name], strict=True):
            row[name] = None if value != value or value == "" else write(value)
    return inputs, rows


def numbers(answers: list[dict]) -> np.ndarray:
    return np.array(
        [a["value"] if "value" in a else [*a["probabilities"].values()] for a in answers]
    )


def test_answers_are_those_of_the_exported_model(run: Path, config: Config) -> None:
    inputs, rows = held_out(run, config, 60)
    expected, labels = onnx_runtime.load(run / "export/onnx").decide(inputs)
    with serving(run, config) as port, ThreadPoolExecutor(16) as pool:
        _, many = ask(port, rows)
        single = [answer for _, answer in pool.map(lambda row: ask(port, row), rows)]
    for answers in (many, single):
        np.testing.assert_allclose(numbers(answers), expected, rtol=1e-6, atol=1e-6)
        assert labels is None or [a["label"] for a in answers] == labels.tolist()
