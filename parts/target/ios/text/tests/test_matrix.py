"""A device gets the tokens that training took, and what it needs to find them itself."""

import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from made import HOSTILE

from my_model import infer
from my_model.formats import encode, feed
from my_model.formats.contract import Contract
from my_model.model import Model


@pytest.fixture(scope="module")
def model(run: Path) -> Model:
    return infer.load(run / "model")


@pytest.fixture
def contract(model: Model, tmp_path: Path) -> Contract:
    encode.accompany(model, tmp_path)
    taken = {"inputs": [{"name": "text"}], "folder": str(tmp_path)}
    return cast(Contract, taken | encode.describe(model))


def test_all_rows_are_as_long_and_hold_the_tokens(model: Model, contract: Contract) -> None:
    matrix = encode.encode({"text": HOSTILE}, contract)
    assert matrix.dtype == np.float32 and matrix.shape == (len(HOSTILE), model.max_tokens)
    (ids,) = feed.feed({"text": HOSTILE}, contract).values()
    assert (matrix[:, : ids.shape[1]] == ids).all()
    assert (matrix[:, ids.shape[1] :] == model.pad).all()


def test_the_tokenizer_lies_beside(contract: Contract) -> None:
    told = {
        file.name: json.loads(file.read_text("utf-8"))
        for file in Path(contract["folder"]).iterdir()
    }
    assert {*told} == {"config.json", "tokenizer.json", "tokenizer_config.json"}
    assert told["tokenizer_config.json"] == {"tokenizer_class": "BertTokenizer"}
